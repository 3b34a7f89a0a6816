import pytest

from agent.model.memory import RolloutRecord
from agent.planner.rollout import NO_DEADLINE, Counts, advance, deadline

START = Counts(updated=0, available=0, older=3)


def begun(now: float = 100.0) -> RolloutRecord:
    return advance(RolloutRecord(hash="one", revision=4, whole=True), "two", START, now)


def test_a_new_template_is_a_new_revision_also_when_it_was_there_before() -> None:
    assert advance(None, "one", START, 0.0).revision == 1
    assert begun().revision == 5
    assert advance(begun(), "one", START, 200.0).revision == 6


@pytest.mark.parametrize(
    ("counts", "on"),
    [
        (START, False),
        (Counts(updated=1, available=0, older=3), True),
        (Counts(updated=0, available=0, older=2), True),
        (Counts(updated=0, available=1, older=3), True),
        (Counts(updated=0, available=0, older=4), False),
    ],
)
def test_more_new_or_fewer_old_pods_than_ever_are_progress(counts: Counts, on: bool) -> None:
    after = advance(begun(), "two", counts, 150.0)
    assert after.progressed_at == (150.0 if on else 100.0)
    assert advance(after, "two", counts, 190.0) is after


def test_a_pod_that_comes_and_goes_is_no_progress() -> None:
    up, down = Counts(updated=1, available=1, older=2), Counts(updated=1, available=0, older=2)
    record = advance(begun(), "two", up, 110.0)
    for now, counts in ((120.0, down), (130.0, up), (140.0, down), (150.0, up)):
        record = advance(record, "two", counts, now)
    assert record.progressed_at == 110.0


def test_a_rollout_that_is_through_has_no_deadline_whatever_happens_then() -> None:
    done = advance(begun(), "two", Counts(updated=3, available=3, older=0, whole=True), 150.0)
    assert deadline(begun(), 60) == 160.0
    assert deadline(done, 60) is None
    assert advance(done, "two", Counts(updated=3, available=1, older=1), 900.0) is done


def test_time_does_not_count_while_paused_and_counts_anew_then() -> None:
    paused = advance(begun(), "two", Counts(updated=0, available=0, older=3, paused=True), 500.0)
    assert deadline(paused, 60) is None
    assert deadline(advance(paused, "two", START, 900.0), 60) == 960.0


def test_a_clock_that_was_set_back_takes_no_time_away() -> None:
    back = advance(begun(), "two", START, 40.0)
    assert deadline(back, 60) == 100.0
    assert advance(back, "two", START, 70.0) is back


def test_a_rollout_may_take_for_ever() -> None:
    assert deadline(begun(), NO_DEADLINE) is None
