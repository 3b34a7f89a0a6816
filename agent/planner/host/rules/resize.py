"""Limits of a running container that change in place, where only they changed and its resizePolicy lets them."""

from typing import Literal

from msgspec.structs import replace

from agent.model.action import Action, AnyStep, ResizeContainer, SetCgroup
from agent.model.cri import LinuxResources
from agent.planner.host.comparing.alike import alike
from agent.planner.host.comparing.compare import Comparison
from agent.planner.host.rules.making import summary
from agent.planner.host.view import NOTHING, HostView, Part, Verdict, asked_for

_LEAST_SHARES = 2


def resize(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container of which only limits changed; None where it takes a restart to change them.

    A memory request alone is for the scheduler: the kernel is told no number that would change with it.
    """
    desired, live = part.subject.desired, part.live
    if desired is None or live is None or live.state != "running":
        return None
    wanted, now = part.container.config.resources, live.config.resources
    if not alike(replace(part.container.config, resources=now), live.config):
        return None
    if wanted == now or not _in_place(wanted, now) or not _allowed(part, wanted, now):
        return None
    if not _changed(wanted, now):
        return NOTHING
    compare = Comparison(spec_path=desired.spec_path, key=view.key, spec=desired.spec)
    found = compare.container(part.container.config, live.config)
    path = found[0].path if found else desired.spec_path
    action = Action(
        id=f"update {part.subject.key} {part.name}",
        verb="update",
        pod=part.subject.key,
        uid=part.pod.uid,
        rule=rule,
        cause=asked_for(view, desired, path=path, summary=summary(found)),
        consequence="in place",
        steps=_steps(part, live.id, wanted, now),
        differences=found,
        containers=(part.name,),
    )
    return Verdict(actions=(action,))


def _changed(wanted: LinuxResources, now: LinuxResources) -> tuple[Literal["cpu", "memory"], ...]:
    cpu = (wanted.cpu_quota, wanted.cpu_shares) != (now.cpu_quota, now.cpu_shares)
    memory = wanted.memory_limit_in_bytes != now.memory_limit_in_bytes
    return (*(("cpu",) if cpu else ()), *(("memory",) if memory else ()))


def _in_place(wanted: LinuxResources, now: LinuxResources) -> bool:
    """Tell whether the runtime can change all that differs: no limit is lifted, the QoS class stays."""
    lifted = (now.cpu_quota > 0 >= wanted.cpu_quota) or (now.memory_limit_in_bytes > 0 >= wanted.memory_limit_in_bytes)
    shares = now.cpu_shares > _LEAST_SHARES >= wanted.cpu_shares
    others = (wanted.hugepage_limits, wanted.unified) == (now.hugepage_limits, now.unified)
    return not lifted and not shares and others and _qos(wanted.oom_score_adj) == _qos(now.oom_score_adj)


def _qos(oom_score_adj: int) -> int:
    """Return the same for scores of one QoS class: only Burstable ones lie in between."""
    return oom_score_adj if oom_score_adj >= 1000 or oom_score_adj <= 0 else 1


def _allowed(part: Part, wanted: LinuxResources, now: LinuxResources) -> bool:
    assert part.subject.desired is not None  # noqa: S101 -- only a declared pod can differ from its declaration
    spec = part.subject.desired.spec
    written = next((one for one in spec.every_container if one.name == part.name), None)
    policies = {one.resource_name: one.restart_policy for one in written.resize_policy} if written else {}
    return all(policies.get(name) != "RestartContainer" for name in _changed(wanted, now))


def _steps(part: Part, container_id: str, wanted: LinuxResources, now: LinuxResources) -> tuple[AnyStep, ...]:
    """Return the change of the container and that of its pod: what holds it grows first, shrinks last.

    CPU decides where one limit grows and another shrinks: the kernel (cgroup v1) takes no quota that is larger than
    that of the cgroup around it.
    """
    inner = ResizeContainer(container_id=container_id, name=part.name, resources=wanted)
    cgroup = part.wanted.cgroup
    if cgroup is None or cgroup.parent != part.pod.sandbox.config.cgroup_parent:
        return (inner,)
    outer = SetCgroup(cgroup=cgroup)
    grows = (wanted.cpu_quota, wanted.memory_limit_in_bytes) > (now.cpu_quota, now.memory_limit_in_bytes)
    return (outer, inner) if grows else (inner, outer)
