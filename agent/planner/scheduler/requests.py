"""What a pod asks for of each resource, by the rules of Kubernetes' PodRequests."""

from collections.abc import Iterable, Mapping
from typing import Final

from agent.model.objects.pod import Container, PodSpec, Quantity
from agent.model.quantity import milli, whole

CPU: Final = "cpu"
MEMORY: Final = "memory"
STORAGE: Final = "ephemeral-storage"
HUGEPAGES: Final = "hugepages-"

Amounts = Mapping[str, int]
"""By resource name: CPU in thousandths, everything else in bytes."""


def pod_requests(spec: PodSpec) -> Amounts:
    """Return what a pod asks for at the moment when it needs most, its overhead included.

    While its init containers run one after another, the sidecars started so far run beside each; afterwards the main
    containers run beside all sidecars. What the pod says for itself as a whole takes the place of what its parts add
    up to.
    """
    mains = _total(_requests(container) for container in spec.containers)
    needed, sidecars = mains, dict[str, int]()
    for container in spec.init_containers:
        asked = _requests(container)
        if container.restart_policy == "Always":
            sidecars = _sum(sidecars, asked)
            needed = _most(needed, sidecars)
        else:
            needed = _most(needed, _sum(sidecars, asked))
    needed = _most(needed, _sum(mains, sidecars))
    return _sum({**needed, **_of_whole_pod(spec, needed)}, _amounts(spec.overhead))


def _of_whole_pod(spec: PodSpec, parts: Amounts) -> Amounts:
    """Return what stands in the pod's own resources; a limit alone counts where no container asks for anything."""
    if spec.resources is None:
        return {}
    limits = {name: amount for name, amount in _amounts(spec.resources.limits).items() if name not in parts}
    return {**limits, **_amounts(spec.resources.requests)}


def _requests(container: Container) -> Amounts:
    return _amounts(container.resources.requests)


def _amounts(written: Mapping[str, Quantity]) -> dict[str, int]:
    return {name: milli(amount) if name == CPU else whole(amount) for name, amount in written.items()}


def _total(each: Iterable[Amounts]) -> dict[str, int]:
    total: dict[str, int] = {}
    for amounts in each:
        total = _sum(total, amounts)
    return total


def _sum(one: Amounts, other: Amounts) -> dict[str, int]:
    return {
        name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(name for name in other if name not in one))
    }


def _most(one: Amounts, other: Amounts) -> dict[str, int]:
    names = (*one, *(name for name in other if name not in one))
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in names}
