"""The prune guard: a revision that would take away much of the fleet is held until somebody says so."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.model.cause import Commit
from agent.model.desired import LeavingPod
from agent.model.objects.agent import Prune
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Unseen, last_known
from agent.model.plan import FleetInput, FleetPlan
from agent.model.value import Value
from agent.planner.fleet.sight import remembered_pods
from agent.planner.pods import observed_pods

_NAMED: Final = 5


class Held(Value, frozen=True, kw_only=True):
    """Why a revision is held: what it would take away, of how many pods."""

    removed: tuple[PodKey, ...]
    total: int
    message: str


def prune_guard(given: FleetInput, plan: FleetPlan, policy: Prune) -> Held | None:
    """Return why a revision should be held, None when it may go ahead.

    ``plan`` is the revision's first plan, made from what is ``given``. What counts is every pod of ours (those on
    unseen hosts, as last known or remembered, too) that goes with all of its kind because git says so: no object
    declares it any more, or its workload is scaled to 0. Pods that a rollout replaces, that move, or of which there are
    two, do not count, nor does scaling down to a number that somebody wrote. The guard holds when more than
    ``max_fraction`` of all pods would go, or every one: then, too, when others happen to be on their way out, and none
    stays or is wanted.
    """
    lost = dict(sorted(_lost(plan)))
    if not lost:
        return None
    seen = {name: frozenset(_seen(given, name)) for name in plan.desired}
    remembered = _remembered(given)
    there = {name: pods.union(remembered.get(name, ())) for name, pods in seen.items()}
    total = len(frozenset().union(*there.values()))
    every = len(lost) >= total or (not any(status.wanted for status in plan.statuses) and not _stays(there, plan))
    if not (every or len(lost) > policy.max_fraction * total):
        return None
    extent = "every pod" if every else f"{len(lost)} of {total} pods"
    named = [f"{key} ({why})" for key, why in list(lost.items())[:_NAMED]]
    rest = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    message = (
        f"would remove {extent}{_by_memory(lost, seen)}, and spec.prune.maxFraction allows {policy.max_fraction:.0%} "
        f"without asking: {', '.join(named)}{rest}"
    )
    return Held(removed=tuple(lost), total=total, message=message)


def _seen(given: FleetInput, host: str) -> Iterator[PodKey]:
    """Yield the pods that the newest look at a host has shown."""
    observation = given.observations.get(host)
    if observation is not None and (look := last_known(observation)) is not None:
        yield from observed_pods(look, given.agent)


def _remembered(given: FleetInput) -> Mapping[str, list[PodKey]]:
    """Return the pods that are on unseen hosts as far as memory knows, by host."""
    found: dict[str, list[PodKey]] = {}
    for key, host in remembered_pods(given.memory):
        if isinstance(given.observations.get(host), Unseen):
            namespace, _, name = key.partition("/")
            found.setdefault(host, []).append(PodKey(namespace=namespace, name=name))
    return found


def _by_memory(lost: Mapping[PodKey, str], seen: Mapping[str, frozenset[PodKey]]) -> str:
    """Return, of pods that nobody has looked at since the agent started, that they are known from memory."""
    unseen = len(lost.keys() - frozenset[PodKey]().union(*seen.values()))
    if not unseen:
        return ""
    of_them = "" if unseen == len(lost) else f"{unseen} of them "
    return f" ({of_them}not seen yet: their hosts do not answer, and these are what memory knows of)"


def _stays(there: Mapping[str, frozenset[PodKey]], plan: FleetPlan) -> bool:
    """Whether a pod is left: one of a job that has ended is wanted no more, but not taken away either."""
    return any(there[name] - {pod.key for pod in desired.leaving} for name, desired in plan.desired.items())


def _lost(plan: FleetPlan) -> Iterator[tuple[PodKey, str]]:
    emptied = {status.key for status in plan.statuses if status.wanted == 0}
    for desired in plan.desired.values():
        for pod in desired.leaving:
            if pod.reason == "undeclared" or (pod.reason == "scaled-down" and _owner(pod) in emptied):
                yield pod.key, _why(pod)


def _owner(pod: LeavingPod) -> ObjectKey | None:
    return pod.cause.object if isinstance(pod.cause, Commit) else None


def _why(pod: LeavingPod) -> str:
    summary = pod.cause.summary if isinstance(pod.cause, Commit) else ""
    return f"{pod.cause.object}: {summary}" if isinstance(pod.cause, Commit) and pod.cause.path else summary
