"""How far a workload is: its pods' statuses, its counts, and what it waits for."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from agent.model.duration import format_duration
from agent.model.kindstatus import AnyKindStatus
from agent.model.objects.job import Job
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import Pod
from agent.model.observation import Seen, Unseen
from agent.model.plan import Failure, FleetInput
from agent.model.status import ObjectStatus, Phase, PodStatus
from agent.model.value import Value
from agent.planner.fleet.counted import kind_status, newest, pending
from agent.planner.fleet.placement import Placed
from agent.planner.live import Live, names_of
from agent.planner.memo import remembered
from agent.planner.podstatus import pod_status
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim

_NAMED = 3
"""How many pods a message names."""


class _Verdict(Value, frozen=True, kw_only=True):
    phase: Phase
    reason: str = ""
    message: str = ""


def progress(given: FleetInput, claim: Claim, placed: Placed, delayed: Mapping[PodKey, str]) -> ObjectStatus:
    """Return a workload's status."""
    derived = claim.template.declared.key not in given.fleet.objects
    if not (placed.forbidden or placed.resizes) and (steady := _steady(claim)):
        return _at_rest(claim, steady, derived=derived)
    pods = tuple(_pods(given, claim, placed, delayed))
    if placed.resizes:
        pods = tuple(_resizing(one, placed) for one in pods)
    verdict, awaited = _judge(given, claim, placed, pods), pending(claim, placed)
    status = _status(claim, pods, verdict, kind_status(claim, placed, awaited), derived=derived)
    return replace(status, updated=status.updated + newest(claim, awaited)) if awaited else status


@remembered
def _at_rest(claim: Claim, pods: tuple[PodStatus, ...], *, derived: bool) -> ObjectStatus:
    return _status(claim, pods, _Verdict(phase="Ready"), claim.status, derived=derived)


def _status(
    claim: Claim, pods: tuple[PodStatus, ...], verdict: _Verdict, status: AnyKindStatus | None, *, derived: bool
) -> ObjectStatus:
    return ObjectStatus(
        key=claim.template.declared.key,
        phase=verdict.phase,
        reason=verdict.reason,
        message="; ".join(part for part in (verdict.message, claim.note) if part),
        wanted=len(claim.final) if claim.wanted is None else claim.wanted,
        updated=sum(_is_newest(claim, pod) for pod in claim.current),
        ready=claim.ready,
        available=claim.available,
        pods=pods,
        derived=derived,
        status=status,
    )


@remembered
def _steady(claim: Claim) -> tuple[PodStatus, ...]:
    """Return the statuses of the pods of a workload at rest, as far as neither time nor git changes them; else none."""
    template = claim.template
    if template.spec.readiness_gates or not claim.at_rest:
        return ()
    found = [pod.steady for pod in claim.current if pod.names == template.names]
    steady = tuple(one for one in found if one is not None)
    return steady if len(steady) == len(claim.current) else ()


def _pods(given: FleetInput, claim: Claim, placed: Placed, delayed: Mapping[PodKey, str]) -> Iterator[PodStatus]:
    """Yield the status of every pod: the wanted by slot, then those kept, those that go, and those that are lost."""
    names = claim.template.names
    if len(claim.current) == len(claim.now):
        for pod in claim.current:
            steady = pod.steady if pod.names == names and not claim.template.spec.readiness_gates else None
            yield steady or _live(given, claim, pod, names if _is_newest(claim, pod) else pod.names)
    else:
        living = {pod.key: pod for pod in claim.current}
        for slot in claim.now:
            pod_there = living.get(slot.key)
            yield _live(given, claim, pod_there, names) if pod_there else _missing(given, claim, slot, placed, delayed)
    for pod in claim.kept:
        yield pod.steady or _live(given, claim, pod, pod.names)
    for pod in (*(one.pod for one in claim.leaving), *claim.lost):
        yield pod.steady or _live(given, claim, pod, pod.names)


def _live(given: FleetInput, claim: Claim, pod: Live, names: tuple[str, ...]) -> PodStatus:
    observation = given.observations[pod.host]
    newest = _is_newest(claim, pod)
    return pod_status(
        pod.observed,
        key=pod.key,
        owner=claim.template.declared.key,
        host=pod.host,
        names=names,
        policy=claim.template.spec.restart_policy,
        now=given.now,
        clock_skew=observation.facts.clock_skew if isinstance(observation, Seen) else 0.0,
        failure=given.failures.get(pod.key),
        unseen=observation.reason if isinstance(observation, Unseen) else "",
        template_hash=pod.generation,
        spec=claim.template.spec if newest else None,
        annotations=claim.template.annotations if newest else None,
    )


def _resizing(status: PodStatus, placed: Placed) -> PodStatus:
    found = placed.resizes.get(status.key)
    return status if found is None else replace(status, conditions=(*status.conditions, found))


def _is_newest(claim: Claim, pod: Live) -> bool:
    return not claim.template.hash or pod.generation == claim.template.hash


def _missing(given: FleetInput, claim: Claim, slot: Slot, placed: Placed, delayed: Mapping[PodKey, str]) -> PodStatus:
    host = "" if slot.key in placed.refused else placed.hosts.get(slot.key, "")
    observation, failure = given.observations.get(host), given.failures.get(slot.key)
    unseen = observation.reason if isinstance(observation, Unseen) else ""
    like_it = _unmade(claim.template_of(slot), host, unseen, failure, given.now if failure is not None else 0.0)
    status = replace(like_it, key=slot.key)
    if why := placed.forbidden.get(slot.key):
        return replace(status, reason="FailedCreate", message=why)
    if why := placed.refused.get(slot.key):
        return replace(status, reason="Unschedulable", message=f"no host fits: {why}")
    if why := delayed.get(slot.key):
        return replace(status, reason="Delayed", message=why)
    return status


@remembered
def _unmade(template: Template, host: str, unseen: str, failure: Failure | None, now: float) -> PodStatus:
    """Return the status of a pod that is not there yet, but for its name: of many that wait all have the same."""
    return pod_status(
        None,
        key=template.slot(0).key,
        owner=template.declared.key,
        host=host,
        names=template.names,
        policy=template.spec.restart_policy,
        now=now,
        failure=failure,
        unseen=unseen,
        template_hash=template.hash,
        spec=template.spec,
        annotations=template.annotations,
    )


def _judge(given: FleetInput, claim: Claim, placed: Placed, pods: tuple[PodStatus, ...]) -> _Verdict:
    if claim.failed or claim.done:
        return _outcome(given, claim, pods)
    if claim.holds:
        reason = "Replacing" if claim.wake_at is None else "BackOff"
        return _Verdict(phase="Progressing", reason=reason, message=claim.holds)
    complete = claim.in_place == len(claim.final) == claim.available and len(claim.current) == len(claim.now)
    # Of a lost host nobody can tell when what is to go there is gone.
    leaves = any(not one.pod.lost for one in claim.leaving)
    if complete and not leaves and (not claim.kept or claim.holding or claim.job is not None):
        return _Verdict(phase="Ready", reason="Running" if claim.job is not None else "")
    if claim.stopped:
        return _Verdict(phase="Waiting", reason="Stopped", message=claim.stopped)
    if not claim.template.hash and pods[0].phase in {"Succeeded", "Failed"}:
        return _ended(pods[0])
    return _lag(given, claim, placed, [one for one in pods[: claim.in_place] if not _available(given, claim, one)])


def _lag(given: FleetInput, claim: Claim, placed: Placed, behind: list[PodStatus]) -> _Verdict:
    """Say what a workload waits for. ``behind`` are the pods that should be available now and are not."""
    if not behind:
        others = names_of([one.pod for one in claim.leaving] or claim.kept)
        return _Verdict(phase="Progressing", reason="Replacing", message=f"waits for {others} to be gone")
    forbidden = next((status for status in behind if status.key in placed.forbidden), None)
    if forbidden is not None:
        message = f"{forbidden.key.name}: {forbidden.message}"
        return _Verdict(phase="Waiting", reason="FailedCreate", message=message)
    refused = next((status for status in behind if status.key in placed.refused), None)
    message = f"waits for {_sentence(given, claim, behind)}"
    if refused is not None:
        return _Verdict(phase="Waiting", reason="Unschedulable", message=f"{refused.key.name}: {refused.message}")
    if all(status.reason == "HostUnseen" for status in behind):
        return _Verdict(phase="Waiting", reason="HostUnseen", message=message)
    return _Verdict(phase="Progressing", reason="Replacing" if claim.kept else "Starting", message=message)


def _ended(status: PodStatus) -> _Verdict:
    if status.phase == "Succeeded":
        return _Verdict(phase="Ready", reason="Completed")
    failed = next((one for one in (*status.init_containers, *status.containers) if one.exit_code != 0), None)
    if failed is None or status.reason == "DeadlineExceeded":
        return _Verdict(phase="Failed", reason=status.reason, message=status.message)
    message = f"container {failed.name} ended with exit code {failed.exit_code}, and is not to be started again"
    return _Verdict(phase="Failed", reason=failed.reason, message=message)


def _outcome(given: FleetInput, claim: Claim, pods: tuple[PodStatus, ...]) -> _Verdict:
    """Say that a workload is done, or why it failed, and of a rollout what it waits for."""
    if not claim.failed:
        return _Verdict(phase="Ready", reason=claim.done)
    behind = [one for one in pods[: claim.in_place] if not _available(given, claim, one)] if claim.rollout else []
    waits = f"; it waits for {_sentence(given, claim, behind)}" if behind else ""
    return _Verdict(phase="Failed", reason=_failure(claim), message=f"{claim.failed}{waits}")


def _failure(claim: Claim) -> str:
    """Return the reason of the condition that tells of a failure, as Kubernetes calls it."""
    told = ("Progressing", "False"), ("Failed", "True")
    conditions = getattr(claim.status, "conditions", ())
    return next((one.reason for one in conditions if (one.type, one.status) in told), "Failed")


def _min_ready(claim: Claim) -> int:
    body = claim.template.declared.body
    return 0 if isinstance(body, Pod | Job) else body.spec.min_ready_seconds


def _available(given: FleetInput, claim: Claim, status: PodStatus) -> bool:
    # As for the rollout itself: a clock that was set back is no reason to doubt what runs.
    least = _min_ready(claim)
    return status.ready and (not least or status.ready_since + least <= given.now)


def _sentence(given: FleetInput, claim: Claim, behind: list[PodStatus]) -> str:
    """Return ``web-7c9-0 on edge-1 to be running (ContainerCreating), web-7c9-1 …``.

    The message of a pod is added where the pod is the object; of others, each pod says it itself.
    """
    said, alone = [], isinstance(claim.template.declared.body, Pod)
    for status in behind[:_NAMED]:
        place = f"{status.key.name} on {status.host}" if status.host else status.key.name
        if status.ready:
            left = status.ready_since + _min_ready(claim) - given.now
            said.append(f"{place} to be running for {format_duration(left)} more")
        else:
            message = status.message if alone and status.reason != "HostUnseen" else ""
            why = ": ".join(part for part in (status.reason, message) if part)
            awaited = "ready" if status.phase == "Running" and not status.reason else "running"
            said.append(f"{place} to be {awaited} ({why})" if why else f"{place} to be {awaited}")
    rest = f" and {len(behind) - _NAMED} more" if len(behind) > _NAMED else ""
    return ", ".join(said) + rest
