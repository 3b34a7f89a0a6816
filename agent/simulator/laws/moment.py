from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.model.memory import Memory
from agent.simulator.kinds.declared import Kinds
from agent.simulator.machine import Machine


class Broken(Exception):
    """A law was broken; the judge says so."""


class Moment(NamedTuple):
    """A plan: what was remembered before it and is now, what is declared, and was since the fleet was at rest last."""

    before: Memory
    memory: Memory
    declared: Kinds
    history: Sequence[Kinds]
    now: float
    machines: Mapping[str, Machine]
