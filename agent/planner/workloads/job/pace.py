"""How many pods of a job run at once: which are made, which go, and what new ones wait for."""

from typing import Final

from agent.planner.workloads.job.book import Book
from agent.planner.workloads.job.indexes import lowest_free
from agent.planner.workloads.job.scene import Member, Scene

_FIRST: Final = 10.0
_LONGEST: Final = 600.0
_MOST: Final = 100_000
"""Numbers that names have room for."""


def pace(scene: Scene, book: Book) -> float | None:
    """Open and close places as parallelism and what is left to do ask for; return when more can be opened."""
    if book.outcome:
        return None
    if scene.spec.suspend:
        _suspend(scene, book)
        return None
    if not book.started_at:
        book.started_at, book.suspended_at = scene.now, 0.0
    if scene.indexed:
        for place in sorted(one for one in book.active if one >= (scene.completions or 0)):
            book.close(place)
    wanted = _wanted(scene, book)
    for place in _surplus(scene, book, len(book.active) - wanted):
        book.close(place)
    missing = wanted - len(book.active) - (_terminating(scene, book) if scene.only_failed else 0)
    return _fill(scene, book, missing) if missing > 0 else None


def _suspend(scene: Scene, book: Book) -> None:
    """Let all pods go, uncounted: the job goes on with new ones."""
    for place in sorted(book.active):
        book.close(place)
    if not book.suspended_at:
        book.suspended_at = scene.now
    book.started_at = 0.0


def _wanted(scene: Scene, book: Book) -> int:
    parallelism = scene.spec.parallelism
    if scene.completions is None:
        # A work queue: the first success says that it is empty, and what runs comes to its end.
        return len(book.active) if book.succeeded else parallelism
    return max(0, min(parallelism, scene.completions - book.succeeded))


def _terminating(scene: Scene, book: Book) -> int:
    """Count the pods that have to stop first; those in open places hold these anyway."""
    return sum(one.runs and not book.holds(one) for one in scene.members)


def _surplus(scene: Scene, book: Book, count: int) -> list[int]:
    """Return the places that are too many: those without a pod first, then what runs least well and least long."""
    if count <= 0:
        return []
    pods = {one.place: one for one in scene.members if book.holds(one)}
    return sorted(book.active, key=lambda place: _worth(pods.get(place), place))[:count]


def _worth(one: Member | None, place: int) -> tuple[bool, bool, float, int]:
    if one is None:
        return False, False, 0.0, -place
    running = one.pod.seen and one.pod.running_since is not None
    return True, running, -one.pod.created_at, -place


def _fill(scene: Scene, book: Book, count: int) -> float | None:
    if scene.indexed:
        return _fill_indexes(scene, book, count)
    until = _until(book.last_failures, book.failed_at)
    if until > scene.now:
        return until
    while count and book.next < _MOST:
        if not scene.taken(book.next, 0):
            book.open((book.next,))
            count -= 1
        book.next += 1
    return None


def _fill_indexes(scene: Scene, book: Book, count: int) -> float | None:
    each = scene.spec.backoff_limit_per_index is not None
    until = 0.0 if each else _until(book.last_failures, book.failed_at)
    if until > scene.now:
        return until
    later = {
        int(index): until
        for index, (_, in_row, at) in sorted(book.index_failures.items())
        if each and (until := _until(in_row, at)) > scene.now and int(index) not in book.failed_indexes
    }
    busy = book.active | book.completed | book.failed_indexes | later.keys()
    chosen = lowest_free(busy, scene.completions or 0, count)
    for place in chosen:
        while scene.taken(place, book.attempt(place)):
            book.close(place)
    book.open(chosen)
    return min(later.values(), default=None) if len(chosen) < count else None


def _until(failures: int, at: float) -> float:
    """Return when the next pod may be made after failures in a row: 10 s after the first, doubling to 10 min."""
    return at + min(_FIRST * 2.0 ** min(failures - 1, 10), _LONGEST) if failures > 0 else 0.0
