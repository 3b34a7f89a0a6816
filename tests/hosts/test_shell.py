"""The shell that stays open, here on this very machine; over SSH it is in test_lab_shell."""

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.hosts.local import LocalLink, LocalShell
from agent.hosts.shell import KeptShells
from agent.ports import Temporary, Unreachable


@pytest.fixture
def link() -> Iterator[LocalLink]:
    link = LocalLink("here", "/no/socket")
    yield link
    link.close()


def test_it_tells_output_exit_code_and_errors_apart(link: LocalLink) -> None:
    done = link.quick("printf 'out\\n'; echo err >&2; exit 3")
    assert (done.code, done.output, done.error) == (3, b"out\n", "err")


def test_it_gives_what_run_gives(link: LocalLink) -> None:
    for script in ("printf 'a\\0b\\n\\n'", "exit", "false", "echo $#", "cat", "no-such-program", "if", "set -eu; $x"):
        quick, run = link.quick(script), link.run(script)
        assert (quick.code, quick.output) == (run.code, run.output), script


def test_nothing_of_one_command_is_left_for_the_next(link: LocalLink) -> None:
    link.quick("x=1; cd /tmp; set -eu; umask 000; exec 1>&2")
    assert link.quick("echo ${x-unset} $PWD; umask").output == link.run("echo unset $PWD; umask").output


@given(arguments=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=4))
def test_arguments_arrive_as_they_are(arguments: list[str]) -> None:
    link = LocalLink("here", "/no/socket")
    try:
        done = link.quick("printf '%s\\0' \"$@\"", *arguments)
    finally:
        link.close()
    assert done.output.decode().split("\0")[:-1] == (arguments or [""])


def test_output_that_is_no_text_and_large_arrives_whole(link: LocalLink) -> None:
    sent = link.quick("head -c 1000000 /dev/zero; printf '\\377'").output
    assert (len(sent), sent[-1:], set(sent[:-1])) == (1_000_001, b"\xff", {0})


def test_endless_output_is_an_error_and_the_next_command_works(link: LocalLink) -> None:
    with pytest.raises(Temporary, match="printed more than"):
        link.quick("cat /dev/zero")
    assert link.quick("echo on").output == b"on\n"


def test_what_hangs_is_ended_with_all_that_it_started(link: LocalLink, tmp_path: Path) -> None:
    with pytest.raises(Temporary, match="did not end within"):
        link.quick('sh -c "sleep 1000; :" & echo $! >"$1"; wait', str(tmp_path / "pid"), timeout=0.5)
    pid = (tmp_path / "pid").read_text().strip()
    # Killed at least; a zombie where this machine's first process does not reap.
    assert link.quick('read -r _ _ state _ <"/proc/$1/stat" && echo $state', pid).output.strip() in (b"", b"Z")


def test_a_shell_that_was_killed_is_an_error_once(link: LocalLink) -> None:
    with pytest.raises(Temporary, match="ended in the middle"):
        link.quick("kill -KILL $$")
    assert link.quick("echo on").output == b"on\n"


def test_nothing_of_a_command_is_in_the_process_list(link: LocalLink) -> None:
    shown = link.quick("tr '\\0' ' ' <\"/proc/$$/cmdline\" # hunter2", "hunter2").output
    assert shown.strip() == b"sh"


def test_threads_share_it(link: LocalLink) -> None:
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda number: link.quick("echo $1", str(number)).output, range(200)))
    assert said == [b"%d\n" % number for number in range(200)]


def test_a_command_that_hangs_is_not_in_the_way_and_three_of_them_are_no_longer_than_allowed(
    link: LocalLink, tmp_path: Path
) -> None:
    hang = 'echo >"$1"; read -r word <"$2"; echo "$word"'
    with ThreadPoolExecutor(3) as threads:
        hanging = []
        for number in range(3):
            runs, opened = tmp_path / f"runs{number}", tmp_path / f"opened{number}"
            os.mkfifo(runs)
            os.mkfifo(opened)
            assert link.quick("echo on").output == b"on\n"
            hanging.append((opened, threads.submit(link.quick, hang, str(runs), str(opened))))
            runs.read_text()
        with pytest.raises(Temporary, match="other commands did not end"):
            link.quick(":", timeout=0.05)
        for opened, one in hanging:
            opened.write_text("through\n")
            assert one.result().output == b"through\n"


def test_a_closed_link_starts_no_shell(link: LocalLink) -> None:
    link.quick(":")
    link.close()
    with pytest.raises(Unreachable, match="closed"):
        link.quick(":")


@pytest.fixture
def many_files() -> Iterator[None]:
    """A process that has more files open than select() can name, as an agent of hundreds of hosts has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1024)]
    yield
    for each in opened:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_it_works_however_many_files_are_open(link: LocalLink) -> None:
    assert link.quick("echo on").output == b"on\n"


def test_an_agent_that_can_open_no_more_files_says_so(link: LocalLink) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        for run in (link.quick, link.run):
            with pytest.raises(Temporary, match="here: no command can be started on this machine: Too many open files"):
                run("true")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_shell_that_ended_is_killed_once_and_never_by_a_number_that_may_be_anothers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[int] = []

    def kill_group(pid: int, signal: int) -> None:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)  # raises once it is reaped
        killed.append(pid)
        kill(pid, signal)

    kill = os.killpg
    monkeypatch.setattr("os.killpg", kill_group)
    shell = LocalShell()
    shell.send(b"echo $$; exit\n", 60.0)
    pid = int(shell.receive(60.0))
    assert shell.receive(60.0) == b""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not shell.alive
    shell.close()
    shell.close()
    assert killed == [pid]
    assert not shell.alive


def test_a_shell_that_starts_while_its_link_is_closed_does_not_outlive_it() -> None:
    started: list[LocalShell] = []

    def start() -> LocalShell:
        started.append(LocalShell())
        shells.close()  # by another thread, which sees no shell yet
        return started[0]

    shells = KeptShells(start, host="edge-1")
    with pytest.raises(Unreachable, match="edge-1: the connection was closed"):
        shells.run("true", timeout=60.0)
    assert not started[0].alive
