"""Counting the pods of a job that ended, each exactly once: when its place closes."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from agent.model.memory import JobRecord
from agent.planner.workloads.job.book import Book
from agent.planner.workloads.job.ending import DISRUPTED, Ending, disruption
from agent.planner.workloads.job.indexes import write_indexes
from agent.planner.workloads.job.scene import Member, Scene


class _Event(NamedTuple):
    """The end of one pod. Late ones, of pods that were given up for lost, come after all others."""

    late: bool
    at: float
    name: str
    place: int
    end: Ending


def count(scene: Scene, book: Book) -> None:
    """Count what ended since the last plan, in the order in which it did."""
    book.missing &= {one.place for one in scene.members}
    for event in sorted((*_ends(scene, book), *_vanished(scene, book)), key=lambda one: one[:3]):
        if not event.end.succeeded:
            book.close(event.place)
            book.fail(event.place, event.name, event.end)
        elif not event.late or _is_open(book, event.place):
            book.succeed(event.place, event.end)


def _ends(scene: Scene, book: Book) -> Iterator[_Event]:
    for one in scene.members:
        name = one.pod.key.name
        if book.holds(one):
            if (end := _end_of(scene, one)) is not None:
                if not scene.indexed and not one.going and one.end is None:
                    book.missing.add(one.place)
                yield _Event(False, end.at, name, one.place, end)
        elif one.end is not None and one.end.succeeded and not one.going:
            if (one.place not in book.completed) if scene.indexed else (one.place in book.missing):
                yield _Event(True, one.end.at, name, one.place, one.end)
        elif not one.pod.lost:
            book.missing.discard(one.place)


def _end_of(scene: Scene, one: Member) -> Ending | None:
    """Return how the newest pod of a place ended, or that it was taken away; None while it goes on."""
    if one.going:
        if one.end is None:
            return None if scene.only_failed and not scene.given_up(one.pod) else disruption(scene.now)
        # Told to stop, it may well have ended with code 0: that is not its work done.
        return replace(one.end, succeeded=False, conditions={**one.end.conditions, DISRUPTED: "True"})
    if one.end is None and scene.given_up(one.pod):
        return disruption(scene.now)
    return one.end


def _vanished(scene: Scene, book: Book) -> Iterator[_Event]:
    """Yield the ends of pods that were taken away and that nobody sees any more."""
    there = {(one.place, one.attempt) for one in scene.members}
    for place in sorted(book.active):
        attempt = book.attempt(place)
        if (place, attempt) not in there and scene.gone(place, attempt):
            name = scene.slot(place, attempt).key.name
            yield _Event(False, scene.now, name, place, disruption(scene.now))


def _is_open(book: Book, place: int) -> bool:
    if book.indexed:
        return place not in book.completed
    return book.completions is None or book.successes < book.completions


def relearned(scene: Scene) -> Book:
    """Return the books of a job of which nothing is remembered, as its pods tell it: memory was lost.

    What the newest pod of a place came to is counted like any other end; those before it failed.
    """
    there = [one for one in scene.members if not one.going]
    if not there:
        return Book(JobRecord(hash=scene.template.hash), scene)
    newest: dict[int, int] = {}
    for one in there:
        newest[one.place] = max(one.attempt, newest.get(one.place, 0))
    record = JobRecord(
        hash=scene.template.hash,
        started_at=min((one.pod.created_at for one in there if one.pod.created_at), default=scene.now),
        active=write_indexes(newest),
        next=0 if scene.indexed else max(newest) + 1,
        attempts={str(place): attempt for place, attempt in sorted(newest.items()) if attempt},
    )
    book = Book(record, scene)
    older = [(one.end, one) for one in there if one.attempt < newest[one.place] and one.end is not None]
    for end, one in sorted(older, key=lambda found: (found[0].at, found[1].pod.name)):
        if not end.succeeded:
            book.fail(one.place, one.pod.key.name, end)
    return book
