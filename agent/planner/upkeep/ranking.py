"""Which pod goes when a host is short of something: by the ranking of a kubelet."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from agent.model.desired import DesiredPod, HostDesired
from agent.model.objects.meta import ObjectKey
from agent.model.observation import Seen
from agent.model.podrequests import MEMORY, STORAGE, pod_requests
from agent.model.strain import Shortage
from agent.model.usage import Usage
from agent.model.value import Value
from agent.planner.host.texts import rounded_up
from agent.planner.pods import ObservedPod, observed_pods
from agent.planner.precedence import critical, precedence
from agent.planner.use import disk_use, memory_use


class Candidate(Value, frozen=True, kw_only=True):
    """A pod that might go: what it uses of what is short, and what it asked for."""

    pod: ObservedPod
    owner: ObjectKey
    used: int
    asked: int
    priority: int

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Its place: those above their requests first, then the lowest priority, then the furthest above."""
        return self.used <= self.asked, self.priority, self.asked - self.used, str(self.pod.key)

    def __str__(self) -> str:
        return f"the pod uses {rounded_up(self.used)} of it and asked for {rounded_up(self.asked)}"


def first_to_go(
    shortage: Shortage, desired: HostDesired, seen: Seen, usage: Usage, but: AbstractSet[str]
) -> Candidate | None:
    """Return the pod that a host does without first; None where none would free anything.

    Not one of the sandboxes in ``but``: these are told to go already.
    """
    found = (one for one in _candidates(shortage, desired, seen, usage) if one.pod.sandbox.id not in but)
    return min(found, key=lambda one: one.rank, default=None)


def _candidates(shortage: Shortage, desired: HostDesired, seen: Seen, usage: Usage) -> Iterator[Candidate]:
    live = observed_pods(seen, desired.agent)
    for one in desired.pods:
        pod = live.get(one.key)
        if pod is None or critical(one.spec, desired.priorities) or not _counts(pod, usage):
            continue
        if used := memory_use(pod, usage) if shortage == "MemoryPressure" else disk_use(one.spec, pod, usage):
            priority = precedence(one.spec, desired.priorities)
            yield Candidate(pod=pod, owner=one.owner, used=used, asked=_asked(one, shortage), priority=priority)


def _counts(pod: ObservedPod, usage: Usage) -> bool:
    """Tell whether a pod is at work, and was when it was measured."""
    return pod.sandbox.ready and not pod.over and usage.at > pod.created_at


def _asked(pod: DesiredPod, shortage: Shortage) -> int:
    requests: Mapping[str, int] = pod_requests(pod.spec)
    return requests.get(MEMORY if shortage == "MemoryPressure" else STORAGE, 0)
