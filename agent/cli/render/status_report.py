"""What ``trimtab status`` knows: a snapshot, and where it comes from."""

from typing import Final

from msgspec.structs import replace

from agent.model.status import ObjectStatus, PodStatus
from agent.model.value import Value
from agent.reconciler.reporting.snapshot import HostState, Snapshot

_WORKLOADS: Final = frozenset({"Deployment", "Pod", "ReplicaSet", "StatefulSet", "DaemonSet"})


class StatusReport(Value, frozen=True, kw_only=True):
    """A snapshot of the running agent, or one made by looking, when ``running`` is None.

    ``running`` is how the agent is known (``pid 812 on box``); ``source`` is where the desired state comes from.
    """

    snapshot: Snapshot
    now: float
    source: str
    running: str | None = None

    @property
    def hosts(self) -> list[HostState]:
        """Every host that is declared, by name: also one that nobody got to look at yet."""
        told = {host.name: host for host in self.snapshot.hosts}
        declared = {status.key.name for status in self.snapshot.fleet.statuses if status.key.kind == "Host"}
        missing = HostState(name="", seen=False, since=0.0, reason="not looked at yet")
        return [told.get(name) or replace(missing, name=name) for name in sorted({*told, *declared})]

    def pods_of(self, host: str) -> list[PodStatus]:
        """Return the pods of a host."""
        return [pod for status in self.snapshot.fleet.statuses for pod in status.pods if pod.host == host]

    @property
    def workloads(self) -> list[ObjectStatus]:
        """Objects worth a line: those that own pods, and whatever is not as it should be."""
        return [status for status in self.snapshot.fleet.statuses if _worth_a_line(status)]

    @property
    def quiet(self) -> int:
        """How many objects have nothing to say."""
        return len(self.snapshot.fleet.statuses) - len(self.workloads)


def _worth_a_line(status: ObjectStatus) -> bool:
    return bool(status.pods) or status.wanted > 0 or status.phase != "Ready" or status.key.kind in _WORKLOADS
