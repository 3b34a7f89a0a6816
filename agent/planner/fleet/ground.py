from collections.abc import Mapping
from typing import NamedTuple

from agent.model.memory import EvictionRecord
from agent.model.objects.host import Host, Taint
from agent.model.objects.meta import Declared, PodKey
from agent.model.observation import Seen
from agent.model.plan import FleetInput
from agent.planner.fleet.sight import Sight
from agent.planner.fleet.taints import Since, taint_ages
from agent.planner.storage import Ledger

Hosts = Mapping[str, Declared[Host]]


class Ground(NamedTuple):
    """What pods are placed upon. ``ledger`` learns, as they are placed, where they use volumes."""

    given: FleetInput
    hosts: Hosts
    sight: Sight
    ledger: Ledger
    tainted: Since
    evicted: Mapping[PodKey, EvictionRecord] = {}
    """Pods that were sent away from the hosts where they are still seen."""
    forbidden: Mapping[PodKey, str] = {}
    """Pods that are not to be made, and why."""

    @property
    def draining(self) -> frozenset[str]:
        """The hosts that pods are to leave."""
        return frozenset(name for name, host in self.hosts.items() if host.body.spec.drain)

    @property
    def pressed(self) -> frozenset[str]:
        """The hosts that are short of something."""
        observations = self.given.observations.items()
        return frozenset(name for name, one in observations if isinstance(one, Seen) and one.strain.shortages)

    def taint_ages(self, host: str) -> Mapping[Taint, float]:
        """Return for how many seconds each NoExecute taint of a host is there."""
        return taint_ages(self.hosts[host], self.tainted, self.given.now) if self.tainted else {}


def on_their_way(given: FleetInput, sight: Sight) -> Mapping[PodKey, EvictionRecord]:
    """Return the pods that were sent away before and are still there."""
    found = given.memory.evicted
    return {
        pod.key: found[pod.name]
        for host in sorted({record.host for record in found.values()} & sight.on_host.keys())
        for pod in sight.on_host[host]
        if pod.name in found and found[pod.name].host == host
    }
