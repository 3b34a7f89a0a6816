from collections.abc import Mapping
from typing import NamedTuple

from agent.model.objects.host import Host
from agent.model.objects.meta import Declared
from agent.model.plan import FleetInput
from agent.planner.fleet.sight import Sight
from agent.planner.storage import Ledger

Hosts = Mapping[str, Declared[Host]]


class Ground(NamedTuple):
    """What pods are placed upon. ``ledger`` learns, as they are placed, where they use volumes."""

    given: FleetInput
    hosts: Hosts
    sight: Sight
    ledger: Ledger
