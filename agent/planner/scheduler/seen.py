"""What a pod takes up as far as its host shows: for pods of which nobody knows any more what they were made from."""

from typing import Final

from agent.model.cri import LinuxResources
from agent.model.objects.pod import PodSpec
from agent.model.observation import ContainerSeen
from agent.model.podrequests import CPU, MEMORY
from agent.model.podresources import amounts
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import role_of
from agent.planner.scheduler.demand import Demand, HostPort

_LEAST_SHARES: Final = 2
_GUARANTEED: Final = -997
_BURSTABLE: Final = range(3, 1000)


def seen_demand(pod: ObservedPod, memory_bytes: int) -> Demand:
    """Return what the containers of a pod were given; ``memory_bytes`` is what its host has.

    Of memory that may be more than they asked for, by a thousandth of the host's each: the kernel is told no more.
    """
    asked = {name: _asked(one, memory_bytes) for name, one in pod.current.items()}
    roles = {name: role_of(one.config) for name, one in pod.current.items()}
    beside = [asked[name] for name, role in roles.items() if role != "init"]
    first = [asked[name] for name, role in roles.items() if role == "init"]
    return Demand(
        cpu=max(sum(cpu for cpu, _ in beside), *(cpu for cpu, _ in first), 0),
        memory=max(sum(memory for _, memory in beside), *(memory for _, memory in first), 0),
        ports=held_ports(pod),
        namespace=pod.key.namespace,
        labels=pod.labels,
    )


def outgrows(spec: PodSpec, given: Demand) -> bool:
    """Tell whether the containers of a pod ask for more by now than they were given, and the scheduler can know it.

    What a pod asks for as a whole, and its overhead, cannot be seen in its containers.
    """
    if spec.resources is not None or spec.overhead:
        return False
    beside = [*spec.containers, *(one for one in spec.init_containers if one.restart_policy == "Always")]
    asked = [amounts({**one.resources.limits, **one.resources.requests}) for one in beside]
    cpu, memory = (sum(one.get(name, 0) for one in asked) for name in (CPU, MEMORY))
    return cpu > given.cpu or memory > given.memory


def held_ports(pod: ObservedPod) -> tuple[HostPort, ...]:
    """Return the host ports that a pod was seen to hold."""
    return tuple(
        HostPort(port=mapping.host_port, protocol=mapping.protocol, address=mapping.host_ip)
        for mapping in pod.sandbox.config.port_mappings
        if mapping.host_port
    )


def _asked(container: ContainerSeen, memory_bytes: int) -> tuple[int, int]:
    resources = container.config.resources
    return _cpu(resources), _memory(resources, memory_bytes)


def _cpu(resources: LinuxResources) -> int:
    shares = resources.cpu_shares
    return -(-shares * 1000 // 1024) if shares > _LEAST_SHARES else 0


def _memory(resources: LinuxResources, memory_bytes: int) -> int:
    """Follow the kernel's score for running out of memory, from which a request can be told: the more, the lower."""
    score = resources.oom_score_adj
    if score == _GUARANTEED:
        return resources.memory_limit_in_bytes
    return memory_bytes * (1001 - score) // 1000 if score in _BURSTABLE else 0
