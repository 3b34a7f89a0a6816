import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, cast

import pytest
from msgspec.structs import replace

from agent.journal import FileJournal
from agent.journal import replace as writing
from agent.model.memory import ClaimRecord, Memory
from agent.model.value import Sensitive
from agent.ports import Permanent, State, Temporary

STATE = State(
    in_force="a" * 40,
    in_force_since=12.5,
    refused="b" * 40,
    refused_why=("apps/web.yaml:3:1: unknown field",),
    approved=("c" * 40,),
    memory=Memory(placements={"default/web-0": "edge-1"}),
)


OTHER = State(in_force="d" * 40, memory=Memory(placements={"default/web-0": "edge-2" * 2000}))


def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    FileJournal(tmp_path).save(STATE)
    assert FileJournal(tmp_path).load() == STATE


def test_before_the_first_save_the_state_is_empty(tmp_path: Path) -> None:
    assert FileJournal(tmp_path / "new" / "state").load() == State()


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    old = os.umask(0)
    try:
        FileJournal(folder).save(STATE)
    finally:
        os.umask(old)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "state.json").stat().st_mode & 0o777 == 0o600


def test_a_state_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    newer = b'{"version":3,"in_force":{"something":"new"}}'
    (tmp_path / "state.json").write_bytes(newer)
    with pytest.raises(Permanent, match=r"newer trimtab \(version 3; this one knows up to 2\)") as refusal:
        FileJournal(tmp_path).load()
    assert "newer trimtab" in refusal.value.hint
    assert (tmp_path / "state.json").read_bytes() == newer


def test_a_state_of_an_older_version_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(b'{"version":1,"in_force":"abc","memory":{"placements":{"default/one":"a"}}}')
    journal = FileJournal(tmp_path)
    state = journal.load()
    assert (state.in_force, state.memory.placements, state.memory.claims) == ("abc", {"default/one": "a"}, {})
    journal.save(replace(state, in_force="def"))
    assert b'"version":2' in (tmp_path / "state.json").read_bytes()


def test_what_claims_are_bound_to_is_kept(tmp_path: Path) -> None:
    record = ClaimRecord(volume="pvc-1", host="a", path="/x/y_z_1", uid="1", seen=True, removed_at=12.5, grace=60.0)
    memory = Memory(claims={"default/data": record}, unlooked=("b",))
    FileJournal(tmp_path).save(State(memory=memory))
    assert FileJournal(tmp_path).load().memory == memory


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b'{"version":1,"in_fo', b'{"version":1,"approved":3}', b"\xff"])
def test_a_damaged_state_is_moved_aside_and_said(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "state.json.corrupt-1").write_bytes(b"an earlier one")
    (tmp_path / "state.json").write_bytes(damage)
    journal = FileJournal(tmp_path, now=lambda: 77.0)
    assert journal.load() == State()
    assert (tmp_path / "state.json.corrupt-2").read_bytes() == damage
    assert (tmp_path / "state.json.corrupt-1").read_bytes() == b"an earlier one"
    (event,) = journal.events()
    assert (event.at, event.type, event.reason) == (77.0, "Warning", "StateCorrupt")
    assert "state.json.corrupt-2" in event.message
    journal.save(State())
    assert FileJournal(tmp_path).load() == State()
    assert len(journal.events()) == 1


def test_saving_what_is_saved_writes_nothing(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.save(STATE)
    before = (tmp_path / "state.json").stat().st_ino
    journal.save(State(**{name: getattr(STATE, name) for name in STATE.__struct_fields__}))
    assert (tmp_path / "state.json").stat().st_ino == before


def test_secret_content_is_refused(tmp_path: Path) -> None:
    leaking = State(memory=Memory(placements={"default/web-0": cast("str", Sensitive("hunter2"))}))
    with pytest.raises(TypeError, match=r"State\.memory\.placements\[default/web-0\] comes from a Secret") as refusal:
        FileJournal(tmp_path).save(leaking)
    assert "hunter2" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Permanent, match="could not make the folder") as refusal:
        FileJournal(tmp_path / "file")
    assert "spec.stateDir" in refusal.value.hint


def test_a_full_disk_is_worth_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = FileJournal(tmp_path)
    journal.save(STATE)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Temporary, match="No space left on device"):
            journal.save(State())
    assert FileJournal(tmp_path).load() == STATE
    journal.save(State())
    assert FileJournal(tmp_path).load() == State()


def _save_and_die_at_line(folder: Path, last_line: int) -> int:
    """Save in a child that kills itself before the given line that it runs of what writes; return its exit status."""
    child = os.fork()
    if child == 0:
        lines = 0

        def count(frame: FrameType, happening: str, _argument: object) -> Callable[..., Any] | None:
            nonlocal lines
            if frame.f_code.co_filename != writing.__file__:
                return None
            if happening == "line":
                lines += 1
                if lines == last_line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        try:
            journal = FileJournal(folder)
            sys.settrace(count)
            journal.save(OTHER)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def test_killed_at_any_line_of_writing_the_state_is_the_old_or_the_new(tmp_path: Path) -> None:
    seen = []
    line = 0
    ended = signal.SIGKILL.value
    while ended == signal.SIGKILL:
        line += 1
        FileJournal(tmp_path).save(STATE)
        ended = _save_and_die_at_line(tmp_path, line)
        journal = FileJournal(tmp_path)
        seen.append(journal.load())
        assert seen[-1] in (STATE, OTHER)
        assert journal.events() == ()
        assert {path.name for path in tmp_path.iterdir()} <= {"state.json", ".state.json.new"}
    assert ended == 0
    assert STATE in seen
    assert OTHER in seen[:-1]


def _save_for_ever(folder: Path, announce: int) -> None:
    journal = FileJournal(folder)
    number = 0
    while True:
        number += 1
        placements = {f"default/web-{index}": f"edge-{number}" for index in range(5000)}
        journal.save(State(in_force_since=float(number), memory=Memory(placements=placements)))
        os.write(announce, b".")


@pytest.mark.parametrize("saves", range(1, 6))
def test_killed_at_some_moment_of_saving_the_state_is_whole(tmp_path: Path, saves: int) -> None:
    heard, announce = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _save_for_ever(tmp_path, announce)
        finally:
            os._exit(1)
    os.close(announce)
    for _ in range(saves):
        assert os.read(heard, 1) == b"."
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard)
    journal = FileJournal(tmp_path)
    state = journal.load()
    assert state.in_force_since >= saves
    assert set(state.memory.placements.values()) == {f"edge-{int(state.in_force_since)}"}
    assert journal.events() == ()
    journal.save(STATE)
    assert FileJournal(tmp_path).load() == STATE
