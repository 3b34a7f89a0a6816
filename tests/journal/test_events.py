from pathlib import Path
from typing import cast

import pytest

from agent.journal import FileJournal
from agent.journal.events_file import append_event, read_events
from agent.model.value import Sensitive
from agent.ports import Event


def event(number: int, message: str = "") -> Event:
    return Event(at=float(number), type="Normal", reason="Created", message=message or f"pod {number}", host="edge-1")


def test_the_newest_events_come_back_oldest_first(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    for number in range(10):
        journal.record(event(number))
    assert FileJournal(tmp_path).events(3) == (event(7), event(8), event(9))
    assert len(journal.events()) == 10


def test_no_events_yet(tmp_path: Path) -> None:
    assert FileJournal(tmp_path).events() == ()


def test_files_rotate_and_reading_spans_both(tmp_path: Path) -> None:
    for number in range(100):
        append_event(tmp_path, event(number), rotate_at=2000)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["events.1.jsonl", "events.jsonl"]
    assert all(path.stat().st_size < 2200 for path in tmp_path.iterdir())
    kept = read_events(tmp_path, 1000)
    assert kept == tuple(event(number) for number in range(100 - len(kept), 100))
    assert len(kept) > 15
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_torn_last_line_loses_only_itself(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.record(event(1))
    journal.record(event(2))
    content = (tmp_path / "events.jsonl").read_bytes()
    (tmp_path / "events.jsonl").write_bytes(content[:-9])
    assert journal.events() == (event(1),)
    journal.record(event(3))
    assert journal.events() == (event(1), event(3))


def test_newlines_in_a_message_stay_in_it(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.record(event(1, "one\ntwo"))
    assert journal.events() == (event(1, "one\ntwo"),)


def test_an_endless_message_is_cut(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path)
    journal.record(event(1, "x" * 10_000_000))
    (cut,) = journal.events()
    assert cut.message.endswith("… (cut)")
    assert (tmp_path / "events.jsonl").stat().st_size < 64 * 1024


def test_secret_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"Event\.message comes from a Secret"):
        FileJournal(tmp_path).record(event(1, cast("str", Sensitive("hunter2"))))
    assert list(tmp_path.iterdir()) == []
