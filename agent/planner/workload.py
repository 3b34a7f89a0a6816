"""What a workload asks of the fleet: the contract between the kinds and the fleet planner."""

from typing import Literal

from agent.model.value import Value
from agent.planner.live import Live
from agent.planner.template import Slot, Template


class Departure(Value, frozen=True, kw_only=True):
    """A pod that a workload sends away, why, and the field that asks for it."""

    pod: Live
    reason: Literal["scaled-down", "replaced"]
    path: str
    summary: str


class Claim(Value, frozen=True, kw_only=True):
    """What one workload wants of its pods.

    ``final`` are the slots that it wants in the end: all of them get a host at once. ``now`` are those of them that
    may exist already, ``current`` the pods that live in these. ``kept`` are pods of older templates that stay for
    now, ``leaving`` those that go. ``ready`` and ``available`` count among ``current`` and ``kept``. ``stopped`` says
    why the workload does not go on before its object is changed (paused), ``wake_at`` when time alone changes the
    answer.
    """

    template: Template
    final: tuple[Slot, ...]
    now: tuple[Slot, ...]
    current: tuple[Live, ...] = ()
    kept: tuple[Live, ...] = ()
    leaving: tuple[Departure, ...] = ()
    ready: int = 0
    available: int = 0
    stopped: str = ""
    wake_at: float | None = None
