"""Pods that use more of the host's disk than they may: evicted, that is taken down with their files, and made anew.

A job's pod that is not to be restarted is stopped instead: it failed.
"""

from collections.abc import Iterator
from typing import Final

from agent.model.desired import HostDesired
from agent.model.objects.pod import Container, PodSpec, Volume
from agent.model.observation import ContainerSeen, Seen
from agent.model.podresources import limited
from agent.model.quantity import whole
from agent.model.usage import Usage
from agent.planner.host import texts
from agent.planner.host.rendering.volumes import scratch_path
from agent.planner.host.rules import steps
from agent.planner.host.rules.making import make
from agent.planner.host.rules.restart import halt
from agent.planner.host.texts import rounded_up
from agent.planner.host.view import HostView, Subject, Verdict, drift, waits
from agent.planner.pods import ObservedPod, observed_pods
from agent.planner.use import disk_use

_EPHEMERAL: Final = "ephemeral-storage"


def evict(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod beyond one of its limits, as it was measured last; what was measured before it was made is past."""
    pod, desired, usage = subject.observed, subject.desired, view.usage
    if pod is None or desired is None or usage is None or not pod.sandbox.ready:
        return None
    if usage.at <= pod.created_at:
        return None
    found = next(_excesses(desired.spec, pod, usage), None)
    if found is None:
        return None
    seen_at = usage.at - view.seen.facts.clock_skew
    cause = drift(view, rule, f"evicted: {found}", seen_at=seen_at)
    if desired.owner.kind == "Job" and desired.spec.restart_policy == "Never":
        # It fails, which its job counts. With no time to end by itself, it cannot look as if its work was done.
        running = any(one.state == "running" for one in pod.current.values())
        return halt(subject, pod, rule, cause, grace=0) if running else None
    if (allowed := steps.made_again_at(pod, view)) > view.now:
        message = f"is over a limit again, and evicted after {texts.clock(allowed)}: {found}"
        return Verdict(waiting=(waits(view, subject, "back-off", message, until=allowed),))
    return make(subject, view, rule, cause, afresh=True)


def over_limits(desired: HostDesired, seen: Seen, usage: Usage) -> bool:
    """Tell whether some pod of a host is beyond one of its limits, so that a measurement is worth a new plan."""
    live = observed_pods(seen, desired.agent)
    return any(any(_excesses(pod.spec, live[pod.key], usage)) for pod in desired.pods if pod.key in live)


def _excesses(spec: PodSpec, pod: ObservedPod, usage: Usage) -> Iterator[str]:
    for volume in spec.volumes:
        yield from _volume(volume, pod.uid, usage)
    for container in spec.every_container:
        found = pod.containers.get(container.name)
        if found:
            yield from _container(container, found[0], usage)
    yield from _whole(spec, pod, usage)


def _whole(spec: PodSpec, pod: ObservedPod, usage: Usage) -> Iterator[str]:
    """Hold all that a pod wrote, whichever of its parts did, against the sum of what its containers may."""
    limit = limited(spec).get(_EPHEMERAL, 0)
    used = disk_use(spec, pod, usage)
    if 0 < limit < used:
        allowed = f"{rounded_up(limit)} ephemeral-storage that its containers may together"
        yield f"the pod uses {rounded_up(used)} of the {allowed}"


def _volume(volume: Volume, uid: str, usage: Usage) -> Iterator[str]:
    if volume.empty_dir is None or volume.empty_dir.size_limit is None:
        return
    limit, used = whole(volume.empty_dir.size_limit), usage.volumes.get(scratch_path(volume, uid), 0)
    if 0 < limit < used:
        yield f"emptyDir `{volume.name}` uses {rounded_up(used)} of {rounded_up(limit)}"


def _container(container: Container, live: ContainerSeen, usage: Usage) -> Iterator[str]:
    written, measured = container.resources.limits.get(_EPHEMERAL), usage.containers.get(live.id)
    if written is None or measured is None:
        return
    limit, used = whole(written), measured.writable_bytes + measured.log_bytes
    if 0 < limit < used:
        yield f"container `{container.name}` uses {rounded_up(used)} of {rounded_up(limit)} ephemeral-storage"
