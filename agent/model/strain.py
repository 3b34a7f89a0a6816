"""What a host runs short of, and the pod that has to go for it."""

from typing import Final, Literal

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.value import Value

Shortage = Literal["MemoryPressure", "DiskPressure"]
"""Named as the conditions of a Kubernetes node."""


class Victim(Value, frozen=True, kw_only=True):
    """A pod that is taken down so that the others of its host get by.

    ``owner`` is its workload; by its ``sandbox`` it is told from the same pod made again. ``why`` says what was short
    and what the pod used of it, ``since`` when that was found.
    """

    pod: PodKey
    owner: ObjectKey
    sandbox: str
    uid: str
    why: str
    since: float


class Strain(Value, frozen=True, kw_only=True):
    """``shortages`` are in force, sorted: they last a while longer than what brought them about.

    ``victims`` are those of which something is left, the newest last. One measurement finds one at most.
    """

    shortages: tuple[Shortage, ...] = ()
    victims: tuple[Victim, ...] = ()


CALM: Final = Strain()
"""A host that is short of nothing, as far as anybody measured."""
