"""Budgets and priorities, in a world of three hosts."""

from agent.model.intstr import IntOrString
from agent.model.objects import ObjectMeta
from agent.model.objects.budget import BudgetSpec, PodDisruptionBudget
from agent.model.objects.host import Host
from agent.model.objects.priority import PriorityClass
from agent.model.objects.selector import LabelSelector
from agent.model.status import ObjectStatus
from tests.planner.fleet.build import World, host


def budget(
    name: str = "web",
    *,
    least: IntOrString | None = None,
    most: IntOrString | None = None,
    app: str = "",
    policy: str | None = None,
) -> PodDisruptionBudget:
    """Declare a budget of the pods of an app: at least so many available, or at most so many not."""
    return PodDisruptionBudget(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=BudgetSpec(
            selector=LabelSelector(match_labels={"app": app or name}),
            min_available=least,
            max_unavailable=most,
            unhealthy_pod_eviction_policy=policy,  # type: ignore[arg-type]  # one of two words
        ),
    )


def priority(name: str, value: int, *, default: bool = False, never: bool = False) -> PriorityClass:
    """Declare a PriorityClass."""
    return PriorityClass(
        metadata=ObjectMeta(name=name),
        value=value,
        global_default=default,
        preemption_policy="Never" if never else "PreemptLowerPriority",
    )


def drain(world: World, *names: str) -> None:
    """Ask for some hosts to be drained, and for no others."""
    world.hosts = [_drained(one, drained=one.metadata.name in names) for one in world.hosts]
    world.declare(*world.objects)


def _drained(one: Host, *, drained: bool) -> Host:
    return host(one.metadata.name, labels=one.metadata.labels, drain=drained, allocatable=one.spec.allocatable)


def allowed(world: World, name: str = "web") -> tuple[int, int, int, int]:
    """Return what a budget says: disruptions allowed, healthy now, healthy at least, expected."""
    told = world.status(name, "PodDisruptionBudget").status
    return told.disruptions_allowed, told.current_healthy, told.desired_healthy, told.expected_pods  # type: ignore[union-attr]  # of a budget it is


def drained(world: World, name: str) -> ObjectStatus:
    """Return the status of a host."""
    return world.status(name, "Host")
