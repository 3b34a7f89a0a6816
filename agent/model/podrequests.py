"""What a pod asks for of each resource, by the rules of Kubernetes' PodRequests."""

from typing import Final

from agent.model.objects.pod import PodSpec
from agent.model.podresources import Amounts, amounts, at_worst, plus

CPU: Final = "cpu"
MEMORY: Final = "memory"
STORAGE: Final = "ephemeral-storage"
HUGEPAGES: Final = "hugepages-"


def pod_requests(spec: PodSpec) -> Amounts:
    """Return what a pod asks for at the moment when it needs most, its overhead included.

    What the pod says for itself as a whole takes the place of what its parts add up to.
    """
    needed = at_worst(spec, lambda container: amounts(container.resources.requests))
    return plus({**needed, **_of_whole_pod(spec, needed)}, amounts(spec.overhead))


def _of_whole_pod(spec: PodSpec, parts: Amounts) -> Amounts:
    """Return what stands in the pod's own resources; a limit alone counts where no container asks for anything."""
    if spec.resources is None:
        return {}
    limits = {name: amount for name, amount in amounts(spec.resources.limits).items() if name not in parts}
    return {**limits, **amounts(spec.resources.requests)}
