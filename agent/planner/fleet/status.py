"""What becomes of each object, and what is not done yet and why, in the reader's words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, Literal

from msgspec.structs import replace

from agent.model.objects.host import Host
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Observation, Seen, Unseen
from agent.model.plan import FleetInput, Waiting
from agent.model.status import ObjectStatus
from agent.planner.fleet.draining import drained, still_there
from agent.planner.fleet.placement import Placed
from agent.planner.fleet.progress import progress
from agent.planner.ofkind import of_kind
from agent.planner.workload import Claim

_BY_KEY: Final = attrgetter("kind", "namespace", "name")


def report(
    given: FleetInput,
    claims: Sequence[Claim],
    placed: Placed,
    delayed: Mapping[PodKey, str],
    others: Iterable[ObjectStatus],
) -> tuple[tuple[ObjectStatus, ...], tuple[Waiting, ...]]:
    """Return the status of every object, sorted by key, and everything that waits, sorted.

    ``others`` are the statuses of objects without pods that say more than that they are there.
    """
    found = {status.key: status for status in others}
    waiting: list[Waiting] = [*placed.held.values()]
    hosts = of_kind(given.fleet, Host)
    draining = (key.name for key, one in hosts.items() if one.body.spec.drain)
    left = still_there(claims, frozenset(draining))
    for claim in claims:
        status = progress(given, claim, placed, delayed)
        found[status.key] = status
        waiting.extend(_waiting(claim, status, placed, delayed))
    for key, declared in hosts.items():
        observation = given.observations[key.name]
        found[key] = _host(key, declared.body, observation)
        if key.name in left and found[key].phase == "Ready":
            found[key] = drained(found[key], left[key.name], placed.held)
        if isinstance(observation, Unseen):
            waiting.append(Waiting(reason="unseen", message=_unseen(observation), object=key, host=key.name))
    for key in given.fleet.objects:
        if key not in found:
            found[key] = ObjectStatus(key=key, phase="Ready")
    # In the fleet's own order, which is this one: what is sorted already is sorted in one pass.
    keys = [*given.fleet.objects, *(key for key in found if key not in given.fleet.objects)]
    statuses = tuple(found[key] for key in sorted(keys, key=_BY_KEY))
    return statuses, tuple(sorted(waiting, key=_reading_order))


def _reading_order(waiting: Waiting) -> tuple[str, ...]:
    about = waiting.pod or waiting.object
    return waiting.host, str(waiting.object or ""), str(about or ""), waiting.reason, waiting.message


def _waiting(claim: Claim, status: ObjectStatus, placed: Placed, delayed: Mapping[PodKey, str]) -> Iterator[Waiting]:
    owner = claim.template.declared.key
    if placed.refused or placed.forbidden or delayed:
        for slot in claim.now:
            if why := placed.forbidden.get(slot.key):
                message = f"{slot.key.name} is not made: {why}"
                yield Waiting(reason="quota", message=message, pod=slot.key, object=owner)
            elif (resize := placed.resizes.get(slot.key)) is not None:
                message = f"the resize of {slot.key.name} is {resize.reason.lower()}: {placed.refused[slot.key]}"
                yield Waiting(reason="unschedulable", message=message, pod=slot.key, object=owner)
            elif why := placed.refused.get(slot.key):
                message = f"no host fits {slot.key.name}: {why}"
                yield Waiting(reason="unschedulable", message=message, pod=slot.key, object=owner)
            elif why := delayed.get(slot.key):
                host = placed.hosts[slot.key]
                message = f"{slot.key.name} {why}"
                yield Waiting(reason="predecessor", message=message, pod=slot.key, object=owner, host=host)
    if claim.holds:
        message = f"{owner} {claim.holds}"
        reason: Literal["back-off", "rollout"] = "rollout" if claim.wake_at is None else "back-off"
        yield Waiting(reason=reason, message=message, object=owner, until=claim.wake_at or 0.0)
    elif claim.stopped or claim.in_place < len(claim.final) or _mixed(claim, status):
        message = f"rollout of {owner.namespace}/{owner.name} {claim.stopped or status.message}"
        yield Waiting(reason="rollout", message=message, object=owner, until=claim.wake_at or 0.0)


def _mixed(claim: Claim, status: ObjectStatus) -> bool:
    """Tell whether older pods are yet to be replaced. Those of a job that ended are not."""
    return bool(claim.kept) and claim.job is None and status.phase != "Ready"


def _host(key: ObjectKey, host: Host, observation: Observation) -> ObjectStatus:
    ready = ObjectStatus(key=key, phase="Ready")
    if not isinstance(observation, Seen):
        return replace(ready, phase="Waiting", reason="HostUnseen", message=_unseen(observation))
    facts = observation.facts
    if not (facts.runtime_ready and facts.network_ready):
        part = "network" if facts.runtime_ready else "runtime"
        message = f"the {part} is not ready: {facts.message}" if facts.message else f"the {part} is not ready"
        return replace(ready, phase="Waiting", reason="RuntimeNotReady", message=message)
    return replace(ready, reason="SchedulingDisabled") if host.spec.unschedulable else ready


def _unseen(observation: Unseen) -> str:
    return f"unseen: {observation.reason}; what runs there is left as it is"
