"""What a pod uses of its host, as it was measured."""

from agent.model.objects.pod import PodSpec
from agent.model.usage import ContainerUsage, Usage
from agent.planner.host.rendering.volumes import scratch_path
from agent.planner.pods import ObservedPod

_NOTHING = ContainerUsage()


def disk_use(spec: PodSpec, pod: ObservedPod, usage: Usage) -> int:
    """Return how much of the disk is the pod's: what its containers wrote, their logs, its emptyDirs that lie there."""
    on_disk = (one for one in spec.volumes if one.empty_dir is not None and one.empty_dir.medium == "")
    written = sum(usage.volumes.get(scratch_path(one, pod.uid), 0) for one in on_disk)
    return written + sum(one.writable_bytes + one.log_bytes for one in _containers(pod, usage))


def memory_use(pod: ObservedPod, usage: Usage) -> int:
    """Return the working set of a pod's containers."""
    return sum(one.memory_bytes for one in _containers(pod, usage))


def _containers(pod: ObservedPod, usage: Usage) -> list[ContainerUsage]:
    return [usage.containers.get(one.id, _NOTHING) for one in pod.current.values()]
