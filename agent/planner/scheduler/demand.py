from collections.abc import Mapping
from typing import Final

from agent.model.objects.host import Taint
from agent.model.objects.pod import Affinity, PodSpec, SpreadConstraint, Toleration
from agent.model.podrequests import CPU, MEMORY, pod_requests
from agent.model.value import Value
from agent.planner.host.images import canonical

_ANY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 -- compared with, not listened on


class HostPort(Value, frozen=True, kw_only=True, order=True):
    """A port of the host that a pod needs for itself."""

    port: int
    protocol: str
    address: str = ""

    def conflicts(self, other: "HostPort") -> bool:
        """Tell whether both cannot be had on one host."""
        return (self.port, self.protocol) == (other.port, other.protocol) and (
            self.address == other.address or bool(_ANY_ADDRESS & {self.address, other.address})
        )

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol}"


class Demand(Value, frozen=True, kw_only=True):
    """What a pod asks of its host. CPU in thousandths, memory in bytes; 0 where it asks for none.

    ``others`` are further resources by name, in bytes (ephemeral-storage, hugepages). ``namespace`` and ``labels`` are
    the pod's own, by which its neighbours know it. ``handler`` is the runtime that its RuntimeClass names.
    """

    cpu: int = 0
    memory: int = 0
    others: tuple[tuple[str, int], ...] = ()
    ports: tuple[HostPort, ...] = ()
    node_name: str = ""
    node_selector: Mapping[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    affinity: Affinity | None = None
    spread: tuple[SpreadConstraint, ...] = ()
    handler: str = ""
    images: tuple[str, ...] = ()
    namespace: str = ""
    labels: Mapping[str, str] = {}

    @property
    def social(self) -> bool:
        """Whether it matters to the pod, or through it to others, which pods are where."""
        apart = self.affinity is not None and (self.affinity.pod_affinity or self.affinity.pod_anti_affinity)
        return bool(apart or self.spread)

    def tolerates(self, taint: Taint, age: float = 0.0) -> bool:
        """Tell whether a taint does not repel the pod; ``age`` is for how many seconds it is there."""
        found = self.toleration(taint)
        return found is not None and (found.toleration_seconds is None or age < found.toleration_seconds)

    def borne_until(self, taint: Taint, since: float) -> float | None:
        """Return until when a taint is borne that is there since some time; None for ever, or not at all."""
        found = self.toleration(taint)
        return None if found is None or found.toleration_seconds is None else since + found.toleration_seconds

    def toleration(self, taint: Taint) -> Toleration | None:
        """Return the toleration that counts: the first that is about the taint."""
        return next((one for one in self.tolerations if _tolerates(one, taint)), None)


def demand_of(
    spec: PodSpec, *, namespace: str = "", labels: Mapping[str, str] | None = None, handler: str = ""
) -> Demand:
    """Return what a pod's spec asks of its host."""
    asked = pod_requests(spec)
    return Demand(
        cpu=asked.get(CPU, 0),
        memory=asked.get(MEMORY, 0),
        others=tuple(sorted((name, amount) for name, amount in asked.items() if name not in {CPU, MEMORY} and amount)),
        ports=tuple(
            HostPort(port=port.host_port, protocol=port.protocol, address=port.host_ip)
            for container in spec.containers
            for port in container.ports
            if port.host_port
        ),
        node_name=spec.node_name,
        node_selector=spec.node_selector,
        tolerations=spec.tolerations,
        affinity=spec.affinity,
        spread=spec.topology_spread_constraints,
        handler=handler,
        images=tuple(sorted({canonical(container.image) for container in spec.every_container})),
        namespace=namespace,
        labels=labels or {},
    )


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Follow Toleration.ToleratesTaint: an empty effect matches all effects, an empty key with Exists all taints."""
    if toleration.effect not in {"", taint.effect} or toleration.key not in {"", taint.key}:
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.key == taint.key and toleration.value == taint.value
