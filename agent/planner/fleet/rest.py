"""Workloads at rest: most are, most of the time. What follows for one of them is worked out once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.model.desired import DesiredPod
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Seen
from agent.planner.live import Live
from agent.planner.memo import Same, remembered
from agent.planner.naming import placed_slots
from agent.planner.template import Slot, desired_pods
from agent.planner.workload import Claim, Scope


class _Note(NamedTuple):
    """What a workload at rest wants, what it was decided from, and when."""

    claim: Claim
    decided_from: tuple[object, ...]
    at: float


def resting(scope: Scope) -> Claim | None:
    """Return what a workload wants that was at rest, while nothing that it decides from is different; else None."""
    note = _notes(scope).get(scope.template.declared.key)
    # Time alone changes nothing for it, unless it runs backwards.
    return note.claim if note and note.at <= scope.now and note.decided_from == _decided_from(scope) else None


def note_rest(scope: Scope, claim: Claim) -> None:
    """Note what a workload wants if it is at rest, and will be if memory keeps what it says."""
    if claim.rollout == scope.rollout and (_job_rests(scope, claim) if claim.job is not None else claim.at_rest):
        _notes(scope)[scope.template.declared.key] = _Note(claim, _decided_from(scope), scope.now)


def _job_rests(scope: Scope, claim: Claim) -> bool:
    """Tell whether all pods of a job run, or ended, and are counted: then it waits for one to end, if for anything."""
    return (
        claim.job == scope.job
        and len(claim.final) == len(claim.current)
        and not (claim.leaving or claim.lost)
        and claim.wake_at is None
        and claim.due_at is None
        and scope.template.spec.active_deadline_seconds is None
        and all(pod.seen and pod.steady is not None for pod in scope.live)
    )


def _notes(scope: Scope) -> dict[ObjectKey, _Note]:
    """Return where to note what a workload wants. One of which a pod is on its way, or lost, is not noted."""
    memory, observations = scope.memory, scope.given.observations
    for away in (memory.leaving, memory.lost, memory.evicted):
        if away and any(pod.name in away for pod in scope.live):
            return {}
    look = observations.get(scope.live[0].host if scope.live else next(iter(observations), ""))
    return _slate(look) if isinstance(look, Seen) else {}


@remembered
def _slate(_: Seen) -> dict[ObjectKey, _Note]:
    """Return the notes on workloads whose first pod was seen in one look at its host: they are gone when that is.

    On those without pods they are with the look at the first host.
    """
    return {}


def _decided_from(scope: Scope) -> tuple[object, ...]:
    template, key = scope.template, scope.template.declared.key
    slots = placed_slots(scope.memory).get(f"{key.namespace}/{template.set}", ())
    hosts = Same(scope.hosts.values()) if key.kind == "DaemonSet" else ()
    return Same((template, *scope.live)), scope.rollout, scope.job, slots, scope.taken, scope.replicas, hosts


@remembered
def seats(claim: Claim) -> Mapping[PodKey, str]:
    """Return the host of each pod of a workload at rest; of any other nothing."""
    return {slot.key: pod.host for slot, pod in _seated(claim)}


@remembered
def places(claim: Claim) -> Mapping[str, str]:
    """Return the same by the pods' names, as memory spells them."""
    return {slot.name: pod.host for slot, pod in _seated(claim)}


@remembered
def desired_at_rest(claim: Claim) -> Sequence[tuple[str, DesiredPod]]:
    """Return what the pods of a workload at rest should be, each with its host; of any other nothing."""
    if not claim.at_rest:
        return ()
    wanted = desired_pods(claim.template, claim.final)
    return [(pod.host, one) for pod, one in zip(claim.current, wanted, strict=True)]


def _seated(claim: Claim) -> Sequence[tuple[Slot, Live]]:
    return list(zip(claim.final, claim.current, strict=True)) if claim.at_rest else ()
