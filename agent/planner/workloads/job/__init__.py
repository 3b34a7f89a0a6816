"""A Job: work that ends. Pods that ended are kept, counted once, and never run again.

The rules are those of Kubernetes' job controller. What differs comes from git being the truth: a job that is finished
stays so for as long as it is declared, and a changed template is another job, which begins when nothing of the one
before runs any more.
"""

from agent.model.memory import JobRecord
from agent.planner.live import Live
from agent.planner.workload import Claim, Departure, Scope
from agent.planner.workloads.job.book import Book
from agent.planner.workloads.job.counting import count, relearned
from agent.planner.workloads.job.outcome import complete, deadline, fail_or_succeed_early
from agent.planner.workloads.job.pace import pace
from agent.planner.workloads.job.scene import Member, Scene
from agent.planner.workloads.job.status import job_status

__all__ = ["claim"]


def claim(scope: Scope) -> Claim:
    """Return what a Job wants of its pods now."""
    scene = Scene(scope)
    book = _book(scene)
    if book.untouched and (rests := _rests(scene)):
        return _claim(scene, book, holds=f"waits for {rests} of its earlier pods to be gone")
    count(scene, book)
    fail_or_succeed_early(scene, book)
    until = pace(scene, book)
    complete(scene, book)
    if until is not None and not book.outcome:
        return _claim(scene, book, holds="waits before it makes another pod, since pods failed", until=until)
    return _claim(scene, book)


def _book(scene: Scene) -> Book:
    """Return the books as they were kept; of another template, new ones."""
    record = scene.before
    if record is None:
        return relearned(scene)
    return Book(record if record.hash == scene.template.hash else JobRecord(hash=scene.template.hash), scene)


def _rests(scene: Scene) -> int:
    """Count what is left of the job as it was before: of another template, or of this one in an earlier life."""
    return sum(not pod.lost for pod in scene.strangers) + sum(not one.pod.lost for one in scene.members)


def _claim(scene: Scene, book: Book, *, holds: str = "", until: float | None = None) -> Claim:
    expired = _expires_at(scene, book)
    over = expired is not None and expired <= scene.now
    going = frozenset(one.place for one in scene.members if one.going and book.holds(one))
    slots = tuple(scene.slot(place, book.attempt(place)) for place in sorted(book.active - going))
    stays = [one for one in scene.members if not one.going and not (over or book.untouched)]
    held = sorted((one for one in stays if one.end is None and book.holds(one)), key=lambda one: one.place)
    current = tuple(one.pod for one in held)
    kept = tuple(one.pod for one in stays if not one.pod.lost and (one.end is not None or _counted(one, book)))
    ready = sum(pod.ready_since(scene.template.names) is not None for pod in current)
    stand = {pod.key for pod in (*current, *kept)}
    rest = [one for one in scene.members if one.pod.key not in stand]
    lost = [one.pod for one in rest if _forgotten(one, book)]
    due = [at for at in (deadline(scene, book), expired) if at is not None and at > scene.now]
    return Claim(
        template=scene.template,
        final=slots,
        now=slots,
        current=current,
        kept=kept,
        leaving=(
            *(_departure(scene, book, one) for one in rest if not _forgotten(one, book)),
            *(_replaced(scene, pod) for pod in scene.strangers if not pod.lost),
        ),
        lost=(*lost, *(pod for pod in scene.strangers if pod.lost)),
        ready=ready,
        available=ready,
        holds=holds,
        failed=book.message if book.outcome == "Failed" else "",
        done=_done(scene, book),
        wake_at=until,
        due_at=min(due, default=None),
        status=job_status(scene, book),
        job=book.record(),
    )


def _forgotten(one: Member, book: Book) -> bool:
    """Tell whether a pod is given up for lost. One that was told to go, and has its place until then, still goes."""
    return one.pod.lost and not (one.going and book.holds(one))


def _counted(one: Member, book: Book) -> bool:
    """Tell whether a pod that only memory tells of has ended: its place is not open any more."""
    return one.pod.observed is None and not book.holds(one)


def _expires_at(scene: Scene, book: Book) -> float | None:
    """Return when a finished job's pods go."""
    ttl = scene.spec.ttl_seconds_after_finished
    return book.finished_at + ttl if book.finished_at and ttl is not None else None


def _done(scene: Scene, book: Book) -> str:
    if book.outcome == "Complete" and book.finished_at:
        return "Complete"
    idle = scene.spec.suspend and not book.outcome and not any(one.runs for one in scene.members)
    return "Suspended" if idle else ""


def _departure(scene: Scene, book: Book, one: Member) -> Departure:
    """Say why a pod goes."""
    if book.finished_at and one.end is not None:
        ttl = scene.spec.ttl_seconds_after_finished
        why = f"the job finished more than {ttl} s ago" if ttl else "the job finished, and is not kept any longer"
        return Departure(pod=one.pod, reason="finished", path="spec.ttlSecondsAfterFinished", summary=why)
    if book.outcome:
        why = f"the job is over: {book.message}"
        return Departure(pod=one.pod, reason="finished", path="spec", summary=why)
    if scene.spec.suspend:
        return Departure(pod=one.pod, reason="surplus", path="spec.suspend", summary="the job is suspended")
    if book.untouched:
        return _replaced(scene, one.pod)
    why = "sent away, for another to be made" if one.going else "more than the job needs now"
    return Departure(pod=one.pod, reason="surplus", path="spec.parallelism", summary=why)


def _replaced(scene: Scene, pod: Live) -> Departure:
    why = f"the job begins anew with template {scene.template.hash}"
    return Departure(pod=pod, reason="replaced", path="spec.template", summary=why)
