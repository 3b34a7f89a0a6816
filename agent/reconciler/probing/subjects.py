"""Which containers of a host have probes, and where they are reached: told by observations alone.

So a pod whose manifest is gone, or that an older template made, is probed like any other.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from agent.model.labels import AGENT, PROBES
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import Probe
from agent.model.observation import SandboxSeen, Seen
from agent.model.probing import ProbeKind, Probes, ProbeTarget
from agent.model.typed import decoder
from agent.model.value import Value
from agent.planner.annotation import read_json

_PROBES: Final = decoder(Probes)
_LOOPBACK: Final = "127.0.0.1"


class Subject(Value, frozen=True, kw_only=True):
    """A running container with probes. ``started_at`` is by the agent's clock."""

    container_id: str
    pod: PodKey
    container: str
    probes: Probes
    address: str
    started_at: float

    def target(self, kind: ProbeKind) -> ProbeTarget | None:
        """Return a check to make; None when there is none of the kind, or when it is not known yet where."""
        probe: Probe | None = getattr(self.probes, kind)
        if probe is None or (not self.address and probe.exec is None):
            return None
        return ProbeTarget(
            pod=self.pod,
            container_id=self.container_id,
            container=self.container,
            kind=kind,
            probe=probe,
            address=self.address,
        )


def subjects_of(seen: Seen, agent: str) -> Iterator[Subject]:
    """Yield the agent's own containers that run and have probes."""
    sandboxes: dict[str, SandboxSeen] | None = None
    for one in seen.containers:
        written = one.config.annotations.get(PROBES)
        if written is None or one.state != "running" or one.config.labels.get(AGENT) != agent:
            continue
        probes = _probes(written)
        if sandboxes is None:
            sandboxes = {sandbox.id: sandbox for sandbox in seen.sandboxes if sandbox.ready}
        sandbox = sandboxes.get(one.sandbox_id)
        if probes is None or sandbox is None:
            continue
        yield Subject(
            container_id=one.id,
            pod=PodKey(namespace=sandbox.config.namespace, name=sandbox.config.name),
            container=one.config.name,
            probes=probes,
            address=_address(sandbox, seen),
            started_at=one.started_at - seen.facts.clock_skew,
        )


def undecided(seen: Seen, agent: str, now: float) -> bool:
    """Tell whether nobody knows yet if a container is ready that could have been asked: the agent has just begun.

    A check that failed says why; one that has to pass more often says nothing yet.
    """
    for one in subjects_of(seen, agent):
        probe, health = one.probes.startup or one.probes.readiness, seen.health.get(one.container_id)
        if probe is None or one.started_at + probe.initial_delay_seconds > now:
            continue
        if health is None or not (health.ready or health.failed or health.message):
            return True
    return False


def _address(sandbox: SandboxSeen, seen: Seen) -> str:
    known = seen.facts.addresses if sandbox.config.host_network else sandbox.ips
    return known[0] if known else _LOOPBACK if sandbox.config.host_network else ""


@lru_cache(maxsize=4096)
def _probes(written: str) -> Probes | None:
    probes = read_json(written, _PROBES)
    return None if probes == Probes() else probes
