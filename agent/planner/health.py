"""What a running container's probes mean for planning: whether it has started, is ready, has failed."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from agent.model.labels import PROBES
from agent.model.observation import ContainerSeen
from agent.model.probing import Health, Probes
from agent.model.typed import decoder
from agent.planner.annotation import read_json

_PROBES: Final = decoder(Probes)
_WELL: Final = Health()


def health_of(container: ContainerSeen, health: Mapping[str, Health]) -> Health:
    """Return what probes say of a container; before the first has ended, what a kubelet assumes.

    Liveness is assumed. A container with a startup probe has not started, one with a readiness probe is not ready.
    """
    known = health.get(container.id)
    if known is not None:
        return known
    written = container.config.annotations.get(PROBES)
    return _WELL if written is None else _assumed(written)


@lru_cache(maxsize=4096)
def _assumed(written: str) -> Health:
    probes = read_json(written, _PROBES)
    if probes is None:
        return _WELL
    return Health(started=probes.startup is None, ready=probes.startup is None and probes.readiness is None)
