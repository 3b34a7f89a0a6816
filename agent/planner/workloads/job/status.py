"""A job's status, as Kubernetes shows it."""

from collections.abc import Iterator

from agent.model.kindstatus import Condition, JobStatus
from agent.planner.workloads.job.book import Book
from agent.planner.workloads.job.indexes import write_indexes
from agent.planner.workloads.job.scene import Scene


def job_status(scene: Scene, book: Book) -> JobStatus:
    """Return the counts and conditions."""
    held = [one for one in scene.members if book.holds(one) and not one.going]
    return JobStatus(
        active=len(book.active),
        ready=sum(one.pod.ready_since(scene.template.names) is not None for one in held),
        terminating=sum(one.runs and not (book.holds(one) and not one.going) for one in scene.members),
        succeeded=book.succeeded,
        failed=book.failed,
        completed_indexes=write_indexes(book.completed),
        failed_indexes=write_indexes(book.failed_indexes),
        start_time=book.started_at,
        completion_time=book.finished_at if book.outcome == "Complete" else 0.0,
        conditions=tuple(_conditions(book)),
    )


def _conditions(book: Book) -> Iterator[Condition]:
    if book.suspended_at and not book.outcome:
        yield Condition(
            type="Suspended", status="True", reason="JobSuspended", message="Job suspended", since=book.suspended_at
        )
    if not book.outcome:
        return
    decided = "SuccessCriteriaMet" if book.outcome == "Complete" else "FailureTarget"
    yield Condition(type=decided, status="True", reason=book.reason, message=book.message, since=book.decided_at)
    if book.finished_at:
        yield Condition(
            type=book.outcome, status="True", reason=book.reason, message=book.message, since=book.finished_at
        )
