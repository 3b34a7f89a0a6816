import pytest

from agent.hosts.logs import Joiner, LogLine, parse, seconds


def test_lines_are_read_across_chunks_and_parts_are_joined_by_stream() -> None:
    chunks = [
        b"2026-11-21T01:00:00.123456789Z stdout F hel",
        b"lo world\n2026-11-21T01:00:01Z stdout P one \n",
        b"2026-11-21T01:00:01Z stderr F apart\n2026-11-21T01:00:02Z stdout F two\n2026-11-21T01:00:03Z stdout F\n",
        b"not a log line\n2026-11-21T01:00:04Z stdout F unfinished",
    ]
    assert list(parse(iter(chunks))) == [
        LogLine(time="2026-11-21T01:00:00.123456789Z", stream="stdout", text="hello world"),
        LogLine(time="2026-11-21T01:00:01Z", stream="stderr", text="apart"),
        LogLine(time="2026-11-21T01:00:02Z", stream="stdout", text="one two"),
        LogLine(time="2026-11-21T01:00:03Z", stream="stdout", text=""),
    ]


def test_a_line_without_end_is_cut_into_pieces_rather_than_kept() -> None:
    part = b"2026-11-21T01:00:00Z stdout P " + b"x" * 16384 + b"\n"
    first = next(parse(iter([part] * 100)))
    assert 1024 * 1024 <= len(first.text) < 1024 * 1024 + 16384


@pytest.mark.parametrize(
    "torn", [b"026-11-21T01:00:00Z", b"2026-11-21T01:00:00", b"\0\0\0Z", b"x", b"2026-02-30T01:00:00Z"]
)
def test_a_line_without_a_time_is_left_out(torn: bytes) -> None:
    whole = b"2026-11-21T01:00:01+01:00 stdout F on\n"
    assert [line.text for line in parse(iter([torn + b" stdout F off\n" + whole]))] == ["on"]


def test_a_log_without_lines_takes_no_more_memory_than_a_line() -> None:
    joiner = Joiner()
    assert not list(joiner.feed(b"2026-11-21T01:00:00Z stdout F "))
    for _ in range(20):
        assert not list(joiner.feed(b"x" * 262144))
    (line,) = joiner.feed(b"\n")
    assert len(line.text) <= 1024 * 1024 + 262144


def test_times_of_any_precision_and_zone() -> None:
    assert seconds("1970-01-01T00:00:01.5Z") == 1.5
    assert seconds("1970-01-01T01:00:01.123456789+01:00") == 1.123456
    assert seconds("1970-01-01T00:00:02Z") == 2.0
