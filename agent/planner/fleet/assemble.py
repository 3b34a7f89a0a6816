"""What each host should run now, from what the workloads want and where their pods go."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.model.capacity import allotment_of
from agent.model.cause import Commit
from agent.model.desired import DesiredPod, HostDesired, KeptPod, LeavingPod, LeavingReason
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, ObjectKey, PodKey
from agent.model.origin import Location
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.placement import Placed
from agent.planner.fleet.rest import desired_at_rest
from agent.planner.fleet.sight import Sight
from agent.planner.live import Live
from agent.planner.memo import Same, remembered
from agent.planner.scheduler import Priorities, evicts
from agent.planner.storage import Outcome, rivals, uses_of, with_claims
from agent.planner.template import Slot, Template, Workload, desired_pods
from agent.planner.workload import Claim


class Assembly(Value, frozen=True, kw_only=True):
    """The desired state of every host, and the pods that may not start there yet, with why."""

    desired: Mapping[str, HostDesired]
    delayed: Mapping[PodKey, str]


class _Lists:
    """What goes into one host's desired state."""

    def __init__(self) -> None:
        self.pods: list[DesiredPod] = []
        self.kept: list[KeptPod] = []
        self.leaving: list[LeavingPod] = []


def assemble(
    ground: Ground, claims: Sequence[Claim], placed: Placed, volumes: Outcome, *, stray: Sequence[Live]
) -> Assembly:
    """Return what each host should run now. ``stray`` are pods that no claim mentions."""
    given, hosts, sight = ground.given, ground.hosts, ground.sight
    revision = given.fleet.revision.id
    lists = {name: _Lists() for name in hosts}
    delayed: dict[PodKey, str] = {}
    calm = placed.calm
    for claim in claims:
        at_rest = desired_at_rest(claim) if calm and not claim.template.claiming else ()
        for host, wanted in at_rest or _pods(ground, claim, placed, delayed):
            lists[host].pods.append(wanted)
        owner = claim.template.declared
        for pod in claim.kept:
            if placed.departure(pod.key) is None:
                cause = _because(revision, owner, "spec.template", "stays until the rollout lets it go")
                lists[pod.host].kept.append(KeptPod(key=pod.key, cause=cause))
        for one in claim.leaving:
            if one.pod.key not in placed.evicted:
                cause = _because(revision, owner, one.path, one.summary)
                lists[one.pod.host].leaving.append(LeavingPod(key=one.pod.key, cause=cause, reason=one.reason))
    for claim in claims if placed.moving or placed.evicted or placed.gone else ():
        _move(ground, claim, placed, lists)
    for host, leaving in _duplicates(revision, claims, sight):
        lists[host].leaving.append(leaving)
    for pod in stray:
        _settle_stray(given, pod, lists[pod.host])
    priorities = Priorities(given.fleet).values
    desired = {name: _host_desired(hosts[name], given, priorities, found, volumes) for name, found in lists.items()}
    return Assembly(desired=desired, delayed=delayed)


def _pods(ground: Ground, claim: Claim, placed: Placed, delayed: dict[PodKey, str]) -> Iterator[tuple[str, DesiredPod]]:
    """Yield the pods that a claim wants now, each with its host; of those that may not start yet, tell why."""
    hosts, awaited, moving, waits = placed.hosts, placed.awaited, placed.moving, placed.waits
    for slot, wanted in _wanted(claim):
        if (host := hosts.get(slot.key)) is None or (placed.refused and slot.key in placed.refused):
            continue
        if moving and (pod := moving.get(slot.key)) is not None:
            delayed[slot.key] = f"starts once it is gone from {pod.host}"
        elif awaited and slot.key not in ground.sight.pods and (others := awaited.get((slot.name, host))):
            delayed[slot.key] = f"waits for {', '.join(others)} to make room on {host}"
        elif waits and (why := waits.get(slot.key)) is not None:
            delayed[slot.key] = why
        elif not claim.template_of(slot).claiming:
            yield host, wanted
        else:
            uses = uses_of(claim.template_of(slot), slot)
            others = () if slot.key in ground.sight.pods else rivals(ground.ledger, uses, slot.name)
            if others:
                delayed[slot.key] = f"waits for {', '.join(others)} to let go of its claim"
            else:
                yield host, with_claims(wanted, uses, ground.ledger)


def _wanted(claim: Claim) -> Iterable[tuple[Slot, DesiredPod]]:
    """Return what may be there now; all pods of one template at once, as that is remembered."""
    if not claim.mixed:
        return zip(claim.now, desired_pods(claim.template, claim.now), strict=True)
    found: dict[int, tuple[Template, list[Slot]]] = {}
    for slot in claim.now:
        template = claim.template_of(slot)
        found.setdefault(id(template), (template, []))[1].append(slot)
    return [
        one
        for template, slots in found.values()
        for one in zip(slots, desired_pods(template, tuple(slots)), strict=True)
    ]


def _host_desired(
    host: Declared[Host], given: FleetInput, priorities: Mapping[str, int], found: _Lists, volumes: Outcome
) -> HostDesired:
    wanted = {pod.key for pod in found.pods} if found.kept or found.leaving else frozenset()
    return HostDesired(
        host=host.key.name,
        agent=given.agent,
        revision=given.fleet.revision.id,
        allotment=allotment_of(host.body.spec),
        priorities=priorities,
        pods=_in_order(host, Same(found.pods)),
        # A pod may bear the name of a wanted one and the owner of another; what is wanted decides.
        kept=tuple(sorted((pod for pod in found.kept if pod.key not in wanted), key=_order)),
        leaving=tuple(sorted((pod for pod in found.leaving if pod.key not in wanted), key=_order)),
        volumes=volumes.held.get(host.key.name, ()),
        released=volumes.released.get(host.key.name, ()),
    )


@remembered
def _in_order(_: Declared[Host], pods: Same[DesiredPod]) -> tuple[DesiredPod, ...]:
    """Return a host's pods, sorted: mostly they are those of the last time."""
    return tuple(sorted(pods, key=_order))


def _order(pod: DesiredPod | KeptPod | LeavingPod) -> tuple[str, str]:
    return pod.key.namespace, pod.key.name


def _because(revision: str, owner: Declared[Workload], path: str, summary: str) -> Commit:
    return Commit(revision=revision, object=owner.key, location=owner.origin.location, path=path, summary=summary)


def _move(ground: Ground, claim: Claim, placed: Placed, lists: Mapping[str, _Lists]) -> None:
    """Send away pods that belong on another host than where they run, or that have to go for others."""
    owner, revision = claim.template.declared, ground.given.fleet.revision.id
    for pod in (*claim.current, *claim.kept, *(one.pod for one in claim.leaving)):
        if (away := placed.departure(pod.key)) is not None:
            target = placed.hosts.get(pod.key)
            cause = _because(revision, owner, "", f"{away.why}, moves to {target}" if target else away.why)
            lists[pod.host].leaving.append(LeavingPod(key=pod.key, cause=cause, reason=away.reason))
    for pod in claim.current:
        if pod.key not in placed.moving or placed.departure(pod.key) is not None:
            continue
        reason, why = _moves(ground, claim, pod, placed.hosts.get(pod.key))
        said = why or f"stays until another host fits: {placed.refused[pod.key]}"
        cause = _because(revision, owner, "spec", said)
        if why:
            lists[pod.host].leaving.append(LeavingPod(key=pod.key, cause=cause, reason=reason))
        else:
            lists[pod.host].kept.append(KeptPod(key=pod.key, cause=cause))


def _moves(ground: Ground, claim: Claim, pod: Live, target: str | None) -> tuple[LeavingReason, str]:
    """Return as what a pod goes from where it may not stay, and why; no reason why when it stays for now."""
    if evicts(ground.hosts[pod.host].body, claim.template.demand, ground.taint_ages(pod.host)):
        return "evicted", f"is evicted by a taint, moves to {target}" if target else "is evicted by a taint"
    return "moved", f"moves to {target}" if target else ""


def _duplicates(revision: str, claims: Sequence[Claim], sight: Sight) -> Iterator[tuple[str, LeavingPod]]:
    """Yield further copies of pods, which go."""
    owners = {claim.template.declared.key: claim.template.declared for claim in claims} if sight.duplicates else {}
    for pod in sight.duplicates:
        summary = f"runs on {sight.pods[pod.key].host} too"
        owner = owners.get(pod.owner) if pod.owner else None
        cause = _because(revision, owner, "", summary) if owner else _undeclared(revision, pod, summary)
        yield pod.host, LeavingPod(key=pod.key, cause=cause, reason="duplicate")


def _settle_stray(given: FleetInput, pod: Live, lists: _Lists) -> None:
    revision = given.fleet.revision.id
    if given.prune:
        cause = _undeclared(revision, pod, "no object declares it")
        lists.leaving.append(LeavingPod(key=pod.key, cause=cause, reason="undeclared"))
    else:
        cause = _undeclared(revision, pod, "no object declares it, and prune is off")
        lists.kept.append(KeptPod(key=pod.key, cause=cause))


def _undeclared(revision: str, pod: Live, summary: str) -> Commit:
    return Commit(
        revision=revision,
        object=pod.owner or ObjectKey(kind="Pod", namespace=pod.key.namespace, name=pod.key.name),
        location=Location(file=""),
        summary=summary,
    )
