"""Which of the hosts that take a pod is the best: Kubernetes' scores, normalised and weighted as it does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.nodes import preference
from agent.planner.scheduler.room import Room

_TAINTS: Final = 3
_NODE_AFFINITY: Final = 2
_SPREAD: Final = 2
_NEIGHBOURS: Final = 2
_MIN_IMAGE: Final = 23 << 20
_MAX_IMAGE: Final = 1000 << 20


class Candidate(NamedTuple):
    """A host that takes the pod, and what scores start from: higher is worse for ``unwelcome`` and ``crowd``.

    ``unwelcome`` are taints that would rather not have it; ``crowd`` are pods from which it should be spread, None
    on a host of no domain.
    """

    room: Room
    unwelcome: int
    crowd: float | None
    neighbours: int


def totals(
    demand: Demand, candidates: Sequence[Candidate], images: Callable[[Room], int], *, packing: bool
) -> Sequence[int]:
    """Return each candidate's score, all parts of it together; with ``packing`` full hosts are better than empty."""
    affinity = demand.affinity.node_affinity if demand.affinity is not None else None
    wishes = [preference(affinity, one.room.name, one.room.labels) for one in candidates]
    parts = (
        (_TAINTS, _fewest([float(one.unwelcome) for one in candidates])),
        (_NODE_AFFINITY, _share(wishes)),
        (_SPREAD, _even([one.crowd for one in candidates])),
        (_NEIGHBOURS, _between([one.neighbours for one in candidates])),
        (1, [one.room.fullness(demand) if packing else one.room.emptiness(demand) for one in candidates]),
        (1, [one.room.balance(demand) for one in candidates]),
        (1, [images(one.room) for one in candidates]),
    )
    weighted = [[weight * score for score in scores] for weight, scores in parts]
    return [sum(of_one) for of_one in zip(*weighted, strict=True)]


def image_score(demand: Demand, room: Room, spread: Mapping[str, int], hosts: int) -> int:
    """Return ImageLocality: how much of the pod's images is there, weighed by how many ``hosts`` have each.

    ``spread`` says how many hosts have an image.
    """
    there = sum(room.images[image] * spread[image] // hosts for image in demand.images if image in room.images)
    least, most = _MIN_IMAGE, _MAX_IMAGE * max(1, len(demand.images))
    return 100 * (min(max(there, least), most) - least) // (most - least)


def _fewest(counts: Sequence[float]) -> Sequence[int]:
    most = max(counts, default=0.0)
    return [100 - int(100 * count / most) if most else 100 for count in counts]


def _share(sums: Sequence[int]) -> Sequence[int]:
    most = max(sums, default=0)
    return [100 * one // most if most else 0 for one in sums]


def _even(crowds: Sequence[float | None]) -> Sequence[int]:
    known = [crowd for crowd in crowds if crowd is not None]
    most, least = max(known, default=0.0), min(known, default=0.0)
    return [0 if crowd is None else int(100 * (most + least - crowd) / most) if most else 100 for crowd in crowds]


def _between(sums: Sequence[int]) -> Sequence[int]:
    most, least = max(sums, default=0), min(sums, default=0)
    return [100 * (one - least) // (most - least) if most > least else 0 for one in sums]
