"""How often containers were started in the sandboxes before: a pod that is made anew goes on counting.

A container that waits for its turn in a new sandbox has nothing left of it that could tell; the sandbox remembers.
"""

from typing import Final

from agent.model.cri import SandboxConfig
from agent.model.labels import ATTEMPTS
from agent.planner.backoff import streak
from agent.planner.pods import ObservedPod

_MOST: Final = 1_000_000


def written(before: ObservedPod) -> str:
    """Return what the next sandbox is to remember: ``NAME=ATTEMPT/CRASHES`` of each container, comma-separated."""
    counted = _read(before.sandbox.config)
    past = {name: found[0] for name, found in before.past.items()}
    for name, one in {**past, **before.current}.items():
        counted[name] = (one.config.attempt + 1, streak(one))
    return ",".join(f"{name}={attempt}/{crashes}" for name, (attempt, crashes) in sorted(counted.items()))


def first(sandbox: SandboxConfig, name: str) -> tuple[int, int]:
    """Return the attempt that a container begins with in a sandbox, and the row of crashes that it continues."""
    return _read(sandbox).get(name, (0, 0))


def _read(sandbox: SandboxConfig) -> dict[str, tuple[int, int]]:
    found = {}
    for entry in sandbox.annotations.get(ATTEMPTS, "").split(","):
        name, _, counts = entry.partition("=")
        attempt, _, crashes = counts.partition("/")
        if _number(attempt) and _number(crashes):
            found[name] = min(int(attempt), _MOST), min(int(crashes), _MOST)
    return found


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
