"""What workloads and budgets promise of their pods' availability."""

from msgspec.structs import replace

from agent.model.intstr import resolve
from agent.model.objects.budget import BudgetSpec
from agent.model.objects.daemonset import DaemonRollingUpdate, DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulRollingUpdate, StatefulSet
from agent.planner.workloads.deployment import bounds


def promised(body: AnyObject, wanted: int) -> int:
    """Return how many of a workload's pods stay ready while it is rolled out, as its strategy says.

    A Pod promises nothing: a change of it is a new one.
    """
    match body:
        case Deployment(spec=spec):
            return wanted - bounds(replace(spec, replicas=wanted)).unavailable
        case StatefulSet(spec=spec):
            rolling = spec.update_strategy.rolling_update or StatefulRollingUpdate()
            return _all_but(resolve(rolling.max_unavailable or 1, wanted, round_up=False), wanted)
        case DaemonSet(spec=spec):
            rolling_daemons = spec.update_strategy.rolling_update or DaemonRollingUpdate()
            surging = resolve(rolling_daemons.max_surge, wanted, round_up=True) > 0
            return (
                wanted if surging else _all_but(resolve(rolling_daemons.max_unavailable, wanted, round_up=True), wanted)
            )
        case ReplicaSet():
            return wanted
        case _:
            return 0


def budgeted(spec: BudgetSpec, expected: int) -> int:
    """Return how many of the pods that a budget selects have to stay ready."""
    if spec.max_unavailable is not None:
        return max(0, expected - resolve(spec.max_unavailable, expected, round_up=True))
    return resolve(spec.min_available, expected, round_up=True) if spec.min_available is not None else 0


def _all_but(unavailable: int, wanted: int) -> int:
    return max(0, wanted - max(1, unavailable))
