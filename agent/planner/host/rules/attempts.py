"""How often containers were started in the sandboxes before: a pod that is made anew goes on counting.

A container that waits for its turn in a new sandbox has nothing left of it that could tell; the sandbox remembers.
"""

from typing import Final, NamedTuple

from agent.model.cri import SandboxConfig
from agent.model.labels import ATTEMPTS
from agent.planner.backoff import streak
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import asked_of

_MOST: Final = 1_000_000


class Counts(NamedTuple):
    """The next attempt of a container, the row of crashes that it continues, and the restarts that were asked for."""

    attempt: int = 0
    crashes: int = 0
    asked: int = 0

    def __str__(self) -> str:
        """Write them as short as they were before restarts could be asked for."""
        return "/".join(map(str, self if self.asked else self[:2]))


def written(before: ObservedPod) -> str:
    """Return what the next sandbox is to remember: ``NAME=COUNTS`` of each container, comma-separated."""
    counted = _read(before.sandbox.config)
    past = {name: found[0] for name, found in before.past.items()}
    for name, one in {**past, **before.current}.items():
        counted[name] = Counts(one.config.attempt + 1, streak(one), asked_of(one.config))
    return ",".join(f"{name}={counts}" for name, counts in sorted(counted.items()))


def first(sandbox: SandboxConfig, name: str) -> Counts:
    """Return what a container begins with in a sandbox."""
    return _read(sandbox).get(name, Counts())


def _read(sandbox: SandboxConfig) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for entry in sandbox.annotations.get(ATTEMPTS, "").split(","):
        name, _, counts = entry.partition("=")
        numbers = counts.split("/")
        if 2 <= len(numbers) <= 3 and all(map(_number, numbers)):
            found[name] = Counts(*(min(int(number), _MOST) for number in numbers))
    return found


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
