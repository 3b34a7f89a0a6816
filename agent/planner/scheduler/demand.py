from collections.abc import Mapping
from typing import Final

from agent.model.objects.host import Taint
from agent.model.objects.pod import PodSpec, Toleration
from agent.model.quantity import milli, whole
from agent.model.value import Value

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
    """What a pod asks of its host. CPU in thousandths, memory in bytes; 0 where it asks for none."""

    cpu: int = 0
    memory: int = 0
    ports: tuple[HostPort, ...] = ()
    node_name: str = ""
    node_selector: Mapping[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()

    def tolerates(self, taint: Taint) -> bool:
        """Tell whether a taint does not repel the pod."""
        return any(_tolerates(toleration, taint) for toleration in self.tolerations)


def demand_of(spec: PodSpec) -> Demand:
    """Return what a pod's spec asks of its host."""
    return Demand(
        cpu=sum(milli(container.resources.requests.get("cpu", 0)) for container in spec.containers),
        memory=sum(whole(container.resources.requests.get("memory", 0)) for container in spec.containers),
        ports=tuple(
            HostPort(port=port.host_port, protocol=port.protocol, address=port.host_ip)
            for container in spec.containers
            for port in container.ports
            if port.host_port
        ),
        node_name=spec.node_name,
        node_selector=spec.node_selector,
        tolerations=spec.tolerations,
    )


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Follow Toleration.ToleratesTaint: an empty effect matches all effects, an empty key with Exists all taints."""
    if toleration.effect not in {"", taint.effect} or toleration.key not in {"", taint.key}:
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.key == taint.key and toleration.value == taint.value
