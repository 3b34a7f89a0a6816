import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.journal import StateLock, holder_of
from agent.ports import Refused

HOLD = """
import sys
from agent.journal import StateLock
lock = StateLock(sys.argv[1], "prod")
print("held", flush=True)
sys.stdin.read()
"""


def hold_elsewhere(folder: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


@pytest.mark.parametrize("replaced", [False, True])
def test_a_folder_that_was_moved_away_is_held_no_more(tmp_path: Path, *, replaced: bool) -> None:
    """Another agent may take what is there by then, and its state is not this one's."""
    folder = tmp_path / "state"
    with StateLock(folder, "prod") as lock:
        lock.check()
        folder.rename(tmp_path / "backup")
        if replaced:
            folder.mkdir()
            (folder / "lock").write_bytes((tmp_path / "backup" / "lock").read_bytes())
        with pytest.raises(Refused, match=f"{folder} was moved away or replaced"):
            lock.check()


def test_a_second_agent_is_refused_with_the_holders_name_until_the_first_is_killed(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path) as holder:
        with pytest.raises(Refused) as refusal:
            StateLock(tmp_path, "staging")
        assert f"held by agent prod (pid {holder.pid} on {socket.gethostname()}" in str(refusal.value)
        assert "spec.stateDir" in refusal.value.hint
        assert "`trimtab status` tells how far that one is" in refusal.value.hint
        seen = holder_of(tmp_path)
        assert seen is not None
        assert (seen.name, seen.pid) == ("prod", holder.pid)
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert holder_of(tmp_path) is None
    with StateLock(tmp_path, "staging", now=5.0):
        taken = holder_of(tmp_path)
        assert taken is not None
        assert (taken.name, taken.pid, taken.since) == ("staging", os.getpid(), 5.0)


def test_released_it_is_free(tmp_path: Path) -> None:
    first = StateLock(tmp_path, "one")
    with pytest.raises(Refused, match="held by agent one"):
        StateLock(tmp_path, "two")
    first.release()
    first.release()
    StateLock(tmp_path, "two").release()
    assert holder_of(tmp_path) is None


def test_a_child_process_does_not_keep_it(tmp_path: Path) -> None:
    lock = StateLock(tmp_path, "one")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        assert holder_of(tmp_path) is None
        child.communicate()


def test_nobody_holds_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "none") is None
