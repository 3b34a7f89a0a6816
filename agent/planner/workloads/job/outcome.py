"""When a job is over, and why: the rules and the words of Kubernetes' job controller."""

from typing import Final, Literal

from agent.planner.workloads.job.book import Book
from agent.planner.workloads.job.ending import restarts
from agent.planner.workloads.job.policy import success
from agent.planner.workloads.job.scene import Scene

_FAILURES: Final = 6
"""backoffLimit of a job that was not defaulted."""


def fail_or_succeed_early(scene: Scene, book: Book) -> None:
    """Decide a job that failed, or whose success policy is met. Pods that still run are sent away."""
    if book.outcome:
        return
    if failure := _failure(scene, book):
        # As in Kubernetes: when a job fails, so does every pod that has not ended.
        book.failed += sum(book.holds(one) and one.end is None for one in scene.members)
        _decide(scene, book, "Failed", *failure)
    elif scene.indexed and (why := success(scene.spec, book.completed, book.succeeded)):
        _decide(scene, book, "Complete", "SuccessPolicy", why)


def complete(scene: Scene, book: Book) -> None:
    """Decide a job whose work is done, and let an outcome stand once the last of its pods has stopped."""
    if not book.outcome and not book.active:
        enough = book.succeeded > 0 if scene.completions is None else book.succeeded >= scene.completions
        if enough:
            _decide(scene, book, "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
    if book.outcome and not book.finished_at and not any(one.runs for one in scene.members):
        book.finished_at = scene.now


def _failure(scene: Scene, book: Book) -> tuple[str, str] | None:
    spec = scene.spec
    if book.verdict:
        return "PodFailurePolicy", book.verdict
    limit = _limit(scene)
    if book.failed > limit or _restarted_too_often(scene, book, limit):
        return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    if _deadline_passed(scene, book):
        return "DeadlineExceeded", "Job was active longer than specified deadline"
    return _indexes_failed(scene, book) if scene.indexed and spec.backoff_limit_per_index is not None else None


def _indexes_failed(scene: Scene, book: Book) -> tuple[str, str] | None:
    """Return why a job whose indexes fail by themselves fails as a whole."""
    completions, most = scene.completions or 0, scene.spec.max_failed_indexes
    failed = sum(index < completions for index in book.failed_indexes)
    if most is not None and failed > most:
        return "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
    if failed and failed + book.succeeded >= completions:
        return "FailedIndexes", "Job has failed indexes"
    return None


def _limit(scene: Scene) -> int:
    if scene.spec.backoff_limit is not None:
        return scene.spec.backoff_limit
    return _FAILURES if scene.spec.backoff_limit_per_index is None else 2**31 - 1


def _restarted_too_often(scene: Scene, book: Book, limit: int) -> bool:
    """Tell whether containers of pods that go on were started again too often: OnFailure makes no new pods."""
    if scene.template.spec.restart_policy != "OnFailure":
        return False
    count = sum(restarts(one.pod) for one in scene.members if book.holds(one) and one.end is None)
    return count >= max(limit, 1)


def _deadline_passed(scene: Scene, book: Book) -> bool:
    until = deadline(scene, book)
    return until is not None and until <= scene.now


def deadline(scene: Scene, book: Book) -> float | None:
    """Return until when a job may be active; a job that is suspended has no deadline."""
    seconds = scene.spec.active_deadline_seconds
    if seconds is None or not book.started_at or scene.spec.suspend or book.outcome:
        return None
    return book.started_at + seconds


def _decide(scene: Scene, book: Book, outcome: Literal["Complete", "Failed"], reason: str, message: str) -> None:
    book.outcome, book.reason, book.message, book.decided_at = outcome, reason, message, scene.now
    for place in sorted(book.active):
        book.close(place)
