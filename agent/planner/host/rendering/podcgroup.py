"""The cgroup that a pod's own containers share: where it is, and what all of them together may use."""

from typing import Final

from agent.model.cgroup import PodCgroup, QosClass
from agent.model.objects.pod import PodSpec
from agent.model.podresources import Amounts, amounts, limited, plus, requested
from agent.model.qos import qos_class
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.resources import cpu_quota, cpu_shares, hugepage_limits

_PERIOD: Final = 100_000
_TIERS: Final = {"Guaranteed": "", "Burstable": "burstable", "BestEffort": "besteffort"}


def cgroup_parent(quality: QosClass, uid: str, on: Machine) -> str:
    """Return the CRI name of a pod's cgroup."""
    tier = _TIERS[quality]
    if on.cgroup_driver == "systemd":
        return "-".join(part for part in ("trimtab", tier, f"pod{uid.replace('-', '_')}.slice") if part)
    return "/".join(("", *(part for part in ("trimtab", tier, f"pod{uid}") if part)))


def pod_cgroup(spec: PodSpec, uid: str, on: Machine) -> PodCgroup | None:
    """Return the limits of a pod's cgroup; None where it asks for nothing: then whoever makes it may."""
    quality = qos_class(spec)
    pages = hugepage_limits(
        {**_hugepages(limited(spec)), **(_hugepages(amounts(spec.resources.limits)) if spec.resources else {})}
    )
    if quality == "BestEffort" and not pages:
        return None
    limits = _limits(spec)
    quota = cpu_quota(limits.get("cpu", 0))
    return PodCgroup(
        parent=cgroup_parent(quality, uid, on),
        cpu_shares=cpu_shares(_requests(spec).get("cpu", 0)),
        cpu_quota=quota,
        cpu_period=_PERIOD if quota else 0,
        memory_limit_in_bytes=limits.get("memory", 0),
        hugepage_limits=pages,
    )


def _requests(spec: PodSpec) -> Amounts:
    of_pod = spec.resources
    asked = requested(spec)
    if of_pod is not None:
        limits = {name: amount for name, amount in amounts(of_pod.limits).items() if name not in asked}
        asked = {**asked, **limits, **amounts(of_pod.requests)}
    return plus(asked, amounts(spec.overhead))


def _limits(spec: PodSpec) -> Amounts:
    """Return the limits that hold for all containers together: only where each of them, or the pod, has one."""
    every = spec.every_container
    of_pod = amounts(spec.resources.limits) if spec.resources else {}
    together = {
        name: amount
        for name, amount in limited(spec).items()
        if all(amounts(one.resources.limits).get(name, 0) for one in every)
    }
    found = {name: amount for name, amount in {**together, **of_pod}.items() if amount}
    overhead = amounts(spec.overhead)
    return {name: amount + overhead.get(name, 0) for name, amount in found.items()}


def _hugepages(limits: Amounts) -> dict[str, int]:
    return {name: amount for name, amount in limits.items() if name.startswith("hugepages-")}
