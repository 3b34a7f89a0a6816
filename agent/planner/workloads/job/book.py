"""A job's books: which places are open, and what is counted."""

from collections.abc import Iterable
from typing import TypeVar

from agent.model.memory import JobRecord
from agent.planner.workloads.job.ending import Ending
from agent.planner.workloads.job.indexes import read_indexes, write_indexes
from agent.planner.workloads.job.policy import judge
from agent.planner.workloads.job.scene import Member, Scene

V = TypeVar("V")


class Book:
    """A job's record while it is brought up to date. ``verdict`` is why a failed pod ends the job.

    No time in it lies ahead of now: a clock that was set back takes no time away, and nothing waits until it caught up.
    """

    def __init__(self, record: JobRecord, scene: Scene) -> None:
        self.spec, self.indexed, self.completions = scene.spec, scene.indexed, scene.completions
        now = scene.now
        self.before = record
        self.started_at, self.suspended_at = min(record.started_at, now), min(record.suspended_at, now)
        self.active = set(read_indexes(record.active))
        self.next, self.attempts = record.next, dict(record.attempts)
        self.missing = set(read_indexes(record.missing))
        self.successes, self.failed = record.succeeded, record.failed
        self.completed = set(read_indexes(record.completed))
        self.failed_indexes = set(read_indexes(record.failed_indexes))
        self.index_failures = {
            index: (counted, in_row, min(at, now)) for index, (counted, in_row, at) in record.index_failures.items()
        }
        self.last_failures, self.failed_at = record.last_failures, min(record.failed_at, now)
        self.outcome, self.reason, self.message = record.outcome, record.reason, record.message
        self.decided_at, self.finished_at = min(record.decided_at, now), min(record.finished_at, now)
        self.verdict = ""

    @property
    def untouched(self) -> bool:
        """Whether the job has not begun: no pod was ever asked for."""
        return not (self.active or self.next or self.attempts or self.completed or self.successes or self.outcome)

    @property
    def succeeded(self) -> int:
        """How many pods succeeded; of an Indexed job, how many of its indexes."""
        if not self.indexed:
            return self.successes
        return sum(index < (self.completions or 0) for index in self.completed)

    def attempt(self, place: int) -> int:
        """Return the number of the place's newest attempt."""
        return self.attempts.get(str(place), 0)

    def holds(self, one: Member) -> bool:
        """Tell whether a pod is the newest attempt at a place that is open."""
        return one.place in self.active and one.attempt == self.attempt(one.place)

    def close(self, place: int) -> None:
        """Let nothing more be made in a place as it is: a number is not used again, an index only by a next attempt."""
        self.active.discard(place)
        if self.indexed:
            self.attempts[str(place)] = self.attempt(place) + 1

    def succeed(self, place: int, end: Ending) -> None:
        """Count a pod that succeeded."""
        self.missing.discard(place)
        if end.at >= self.failed_at:
            self.last_failures = 0
        self.active.discard(place)
        if self.indexed:
            self.completed.add(place)
            self.failed_indexes.discard(place)
            self.attempts.pop(str(place), None)
            self.index_failures.pop(str(place), None)
        else:
            self.successes += 1

    def fail(self, place: int, pod: str, end: Ending) -> None:
        """Count a pod that failed, as the pod failure policy says. Its place is another matter."""
        action, why = judge(self.spec, pod, end)
        counts = action != "Ignore"
        self.failed += counts
        self.last_failures += 1
        self.failed_at = max(self.failed_at, end.at)
        if action == "FailJob":
            self.verdict = self.verdict or why
        limit = self.spec.backoff_limit_per_index
        if not self.indexed or limit is None:
            return
        failures, in_row, _ = self.index_failures.get(str(place), (0, 0, 0.0))
        self.index_failures[str(place)] = failures + counts, in_row + 1, end.at
        if action == "FailIndex" or failures + counts > limit:
            self.failed_indexes.add(place)

    def open(self, places: Iterable[int]) -> None:
        """Ask for a pod in each of some places."""
        self.active.update(places)

    def record(self) -> JobRecord:
        """Return what is to be remembered; the same value as before when nothing happened."""
        after = JobRecord(
            hash=self.before.hash,
            started_at=self.started_at,
            suspended_at=self.suspended_at,
            active=write_indexes(self.active),
            next=self.next,
            attempts=_sorted(self.attempts),
            missing=write_indexes(self.missing),
            succeeded=self.succeeded,
            failed=self.failed,
            completed=write_indexes(self.completed),
            failed_indexes=write_indexes(self.failed_indexes),
            index_failures=_sorted(self.index_failures),
            last_failures=self.last_failures,
            failed_at=self.failed_at,
            outcome=self.outcome,
            reason=self.reason,
            message=self.message,
            decided_at=self.decided_at,
            finished_at=self.finished_at,
        )
        return self.before if after == self.before else after


def _sorted(found: dict[str, V]) -> dict[str, V]:
    return dict(sorted(found.items()))
