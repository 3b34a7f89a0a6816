from collections.abc import Mapping
from typing import NamedTuple

from agent.model.objects.host import Host, Taint
from agent.model.objects.meta import Declared
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

    def taint_ages(self, host: str) -> Mapping[Taint, float]:
        """Return for how many seconds each NoExecute taint of a host is there."""
        return taint_ages(self.hosts[host], self.tainted, self.given.now) if self.tainted else {}
