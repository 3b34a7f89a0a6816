from collections.abc import Collection, Iterable
from typing import Final

BORNE: Final = 300.0
"""Seconds after which what runs on a machine that is out of sight may be replaced, unless a person says it before."""


class Outages:
    """Since when, on the agent's clock, each machine is out of its sight, and which of them the plans gave up.

    A look ends an outage for who looks; the plans may know of it a moment later. Until they do, what was given up stays
    so, whatever becomes of the clock.
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self.given_up: frozenset[str] = frozenset()

    def begins(self, machine: str, now: float) -> None:
        """Hear that a machine cannot be reached any more."""
        self._since.setdefault(machine, now)

    def looked(self, machine: str) -> None:
        """Hear that a machine was seen."""
        if machine in self._since:
            self._told.setdefault(machine, self._since.pop(machine))

    def clock_set(self, now: float) -> None:
        """Hear that the agent's clock was set: nothing began later than now."""
        self._since = {machine: min(at, now) for machine, at in self._since.items()}
        self._told = {machine: min(at, now) for machine, at in self._told.items()}

    def planned(self, unseen: Iterable[str], off: Collection[str], now: float) -> None:
        """Hear of a plan, which machines were unseen as far as it knew, and which a person says are ``off``."""
        blind = frozenset(unseen)
        self._told = {machine: at for machine, at in self._told.items() if machine in blind}
        since = {**self._since, **self._told}
        over = {one for one in blind if one in off or since.get(one, now) + BORNE <= now}
        self.given_up = frozenset(over | (self.given_up & blind))
