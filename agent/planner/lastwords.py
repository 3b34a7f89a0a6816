"""How the attempt before a container ended: written into the next one's annotations, since the old one is removed."""

from functools import lru_cache
from typing import Final

import msgspec

from agent.model.labels import LAST_TERMINATION
from agent.model.observation import ContainerSeen
from agent.model.status import Termination
from agent.model.typed import decoder
from agent.planner.annotation import read_json

_TERMINATION: Final = decoder(Termination)
_LONGEST: Final = 2048


def exit_reason(container: ContainerSeen) -> str:
    """Return Kubernetes' word for why a container ended."""
    return container.reason or ("Completed" if container.exit_code == 0 else "Error")


def termination(container: ContainerSeen) -> Termination:
    """Return how a container ended."""
    return Termination(
        exit_code=container.exit_code,
        reason=exit_reason(container),
        message=container.message,
        started_at=container.started_at,
        finished_at=container.finished_at,
    )


def last_annotation(before: ContainerSeen | None) -> dict[str, str]:
    """Return the annotation that lets a container's end outlive it; none of one that had not ended by itself."""
    if before is None or before.state != "exited":
        return {}
    ended = msgspec.structs.replace(termination(before), message=before.message[-_LONGEST:])
    return {LAST_TERMINATION: msgspec.json.encode(ended).decode()}


def last_termination(container: ContainerSeen) -> Termination | None:
    """Return how the attempt before a container ended; None where nothing is known of one."""
    written = container.config.annotations.get(LAST_TERMINATION)
    return None if written is None else _read(written)


@lru_cache(maxsize=1024)
def _read(written: str) -> Termination | None:
    return read_json(written, _TERMINATION)
