from typing import get_args

from agent.model.desired import HostDesired
from agent.model.observation import Observation, Seen, Unseen, last_known
from agent.model.plan import HostPlan
from agent.model.strain import Shortage
from agent.model.usage import Filesystem, Usage
from agent.planner.upkeep import Pressed
from agent.reconciler.host.link import Link
from agent.reconciler.reporting.snapshot import HostCondition, HostState, InFlight


def host_state(
    name: str,
    link: Link,
    *,
    usage: Usage | None = None,
    pressed: Pressed,
    desired: HostDesired | None,
    plan: HostPlan | None,
    in_flight: tuple[InFlight, ...],
    ended: tuple[int, int],
    newest: bool,
) -> HostState:
    """Return what is shown of a host. ``ended`` counts actions done and failed; ``newest``: no newer desired waits."""
    observation = link.observation
    known = last_known(observation) if observation else None
    seen = isinstance(observation, Seen)
    return HostState(
        name=name,
        seen=seen,
        since=observation.since if isinstance(observation, Unseen) else link.since,
        reason=observation.reason if isinstance(observation, Unseen) else "",
        refused=link.refused,
        facts=known.facts if known else None,
        conditions=_conditions(link, observation, usage, pressed),
        disks={} if usage is None else {name: disk for name, disk in _disks(usage) if disk is not None},
        observed_at=known.at if known else 0.0,
        revision=desired.revision if desired else "",
        wanted=len(desired.pods) if desired else 0,
        planned=len(plan.actions) if plan else 0,
        in_flight=in_flight,
        waiting=plan.waiting if plan else (),
        done=ended[0],
        failed=ended[1],
        settled=seen and newest and plan is not None and not plan.actions and not in_flight,
    )


def _conditions(
    link: Link, observation: Observation | None, usage: Usage | None, pressed: Pressed
) -> tuple[HostCondition, ...]:
    """Return a host's conditions: whether it is there, and once it was measured, what it is short of."""
    unseen = observation if isinstance(observation, Unseen) else None
    ready = HostCondition(
        type="Ready",
        status="Unknown" if unseen or observation is None else "True",
        message=unseen.reason if unseen else "",
        since=unseen.since if unseen else link.since,
    )
    if usage is None:
        return (ready,)
    return (ready, *(_pressure(shortage, pressed) for shortage in get_args(Shortage)))


def _pressure(shortage: Shortage, pressed: Pressed) -> HostCondition:
    if shortage not in pressed.measured_at:
        return HostCondition(type=shortage, status="False")
    message = pressed.now.get(shortage, "it is over, and is waited for to stay so")
    return HostCondition(type=shortage, status="True", message=message)


def _disks(usage: Usage) -> tuple[tuple[str, Filesystem | None], ...]:
    return ("images", usage.images), ("pods", usage.pods)
