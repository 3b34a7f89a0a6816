"""Pods of a DaemonSet bear what makes a host unfit for others: they belong to the host, not to its work."""

from typing import Final

from msgspec.structs import replace

from agent.model.labels import NOT_READY, UNREACHABLE
from agent.model.objects.pod import PodSpec, Toleration

_PRESSED: Final = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
_BORNE: Final = (
    Toleration(key=NOT_READY, operator="Exists", effect="NoExecute"),
    Toleration(key=UNREACHABLE, operator="Exists", effect="NoExecute"),
    *(Toleration(key=f"node.kubernetes.io/{name}", operator="Exists", effect="NoSchedule") for name in _PRESSED),
)
_ON_HOST_NETWORK: Final = Toleration(
    key="node.kubernetes.io/network-unavailable", operator="Exists", effect="NoSchedule"
)


def tolerant(spec: PodSpec) -> PodSpec:
    """Return a spec with the tolerations that Kubernetes' controller adds, in the place of the pod's own for these.

    What is about the same key and effect is replaced: no daemon pod leaves a host since that was unseen for long.
    """
    added = (*_BORNE, _ON_HOST_NETWORK) if spec.host_network else _BORNE
    about = {(one.key, one.effect) for one in added}
    own = (one for one in spec.tolerations if (one.key, one.effect) not in about)
    return replace(spec, tolerations=(*added, *own))
