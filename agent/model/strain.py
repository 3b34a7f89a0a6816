"""What a host runs short of, and the pod that has to go for it."""

from typing import Final, Literal

from agent.model.value import Value

Shortage = Literal["MemoryPressure", "DiskPressure"]
"""Named as the conditions of a Kubernetes node."""


class Strain(Value, frozen=True, kw_only=True):
    """``shortages`` are in force, sorted: they last a while longer than what brought them about.

    ``victim`` is the sandbox of the one pod that is taken down for it now, ``uid`` that pod's, ``why`` says what is
    short and what the pod uses of it. A sandbox that is gone is nobody's victim any more, so one measurement takes down
    one pod.
    """

    shortages: tuple[Shortage, ...] = ()
    victim: str = ""
    uid: str = ""
    why: str = ""


CALM: Final = Strain()
"""A host that is short of nothing, as far as anybody measured."""
