from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

from agent.model.desired import ConfigData
from agent.model.memory import Memory
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.deployment import Deployment
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, Object, ObjectKey
from agent.model.objects.pod import Pod
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.plan import FleetInput, FleetPlan
from agent.planner.fleet.assemble import assemble
from agent.planner.fleet.config import config_data
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.placement import Placed, place
from agent.planner.fleet.sight import Sight, look
from agent.planner.fleet.status import report
from agent.planner.fleet.taints import borne_until, tainted_since
from agent.planner.live import Live
from agent.planner.naming import parse_slot
from agent.planner.storage import Ledger, Outcome, claim_statuses, outcome, still_unlooked, take_stock
from agent.planner.template import Template, Workload, pod_spec, references, resolve_template
from agent.planner.workload import Claim
from agent.planner.workloads import deployment, pod


def plan_fleet(given: FleetInput) -> FleetPlan:
    """Return what each host should run now, what becomes of each object, and what has to be remembered.

    Pure: the same input gives the same plan. Everything is decided from the whole input again; memory only makes
    decisions stick that were taken before.
    """
    hosts = {key.name: found for key, found in _of_kind(given, Host).items()}
    sight = look(given, hosts)
    claims = _claims(given, sight)
    stray = _stray(claims, sight)
    ledger = Ledger(take_stock(given, hosts, claims), given.memory)
    ground = Ground(given, hosts, sight, ledger, tainted_since(given, hosts))
    placed = place(claims, ground, lingering=() if given.prune else stray)
    volumes = outcome(given, ledger)
    assembly = assemble(ground, claims, placed, volumes, stray=stray)
    statuses, waiting = report(given, claims, placed, assembly.delayed, claim_statuses(ledger, volumes))
    times = [borne_until(claims, hosts, ground.tainted, given.now), *(claim.wake_at for claim in claims)]
    return FleetPlan(
        desired=assembly.desired,
        statuses=statuses,
        memory=_memory(ground, claims, placed, volumes),
        waiting=waiting,
        wake_at=min((at for at in times if at is not None), default=None),
        release_at=volumes.release_at,
    )


Body = TypeVar("Body", bound=Object)


def _of_kind(given: FleetInput, kind: type[Body]) -> dict[ObjectKey, Declared[Body]]:
    """Return the objects of a kind, in the fleet's order."""
    name = kind.__name__
    return {key: cast("Declared[Body]", declared) for key, declared in given.fleet.objects.items() if key.kind == name}


def _claims(given: FleetInput, sight: Sight) -> tuple[Claim, ...]:
    """Ask every workload what it wants: Pods first, since a Deployment can take another name and a Pod cannot."""
    pods, deployments = _of_kind(given, Pod), _of_kind(given, Deployment)
    names = frozenset(f"{key.namespace}/{key.name}" for key in pods)
    taken = frozenset(name for name in names if parse_slot(name))
    claims = [pod.claim(_template(given, declared), sight.pods) for declared in pods.values()]
    for key, declared in deployments.items():
        template = _template(given, declared)
        live = [one for one in sight.by_owner.get(key, ()) if one.name not in names]
        claims.append(
            deployment.claim(template, declared.body.spec, live, memory=given.memory, now=given.now, taken=taken)
        )
    return tuple(claims)


def _template(given: FleetInput, declared: Declared[Workload]) -> Template:
    return resolve_template(declared, tuple(_config(given, declared)), given.key, _runtime(given, declared))


def _runtime(given: FleetInput, declared: Declared[Workload]) -> RuntimeClass | None:
    name = pod_spec(declared.body).runtime_class_name
    found = given.fleet.objects.get(ObjectKey(kind="RuntimeClass", namespace="", name=name)) if name else None
    return cast("RuntimeClass", found.body) if found is not None else None


def _config(given: FleetInput, declared: Declared[Workload]) -> Iterable[ConfigData]:
    """Yield the ConfigMaps and Secrets that a workload refers to and that exist."""
    namespace = declared.key.namespace
    for reference in references(declared):
        found = given.fleet.objects.get(ObjectKey(kind=reference.kind, namespace=namespace, name=reference.name))
        if found is not None:
            yield config_data(cast("Declared[ConfigMap | Secret]", found))


def _stray(claims: Sequence[Claim], sight: Sight) -> tuple[Live, ...]:
    """Return the pods that no workload has a word for: nothing declares them."""
    count = sum(len(claim.current) + len(claim.kept) + len(claim.leaving) for claim in claims)
    if count == len(sight.pods):
        return ()
    mentioned = {pod.key for claim in claims for pod in (*claim.current, *claim.kept)}
    mentioned.update(one.pod.key for claim in claims for one in claim.leaving)
    return tuple(pod for key, pod in sight.pods.items() if key not in mentioned)


def _memory(ground: Ground, claims: Sequence[Claim], placed: Placed, volumes: Outcome) -> Memory:
    """Return what has to be remembered; the same value when nothing changed."""
    before, unlooked, tainted = ground.given.memory, still_unlooked(ground.given), ground.tainted
    placements: dict[str, str] = {}
    leaving: dict[str, str] = {}
    for claim in claims:
        placements.update((slot.name, placed.hosts[slot.key]) for slot in claim.final if slot.key in placed.hosts)
        placements.update((one.name, one.host) for one in claim.kept)
        leaving.update((one.pod.name, one.pod.host) for one in claim.leaving)
    same = placements == before.placements and leaving == before.leaving
    if same and (volumes.records, unlooked, tainted) == (before.claims, before.unlooked, before.tainted):
        return before
    return Memory(
        placements=_sorted(placements),
        leaving=_sorted(leaving),
        claims=volumes.records,
        unlooked=unlooked,
        tainted=tainted,
    )


def _sorted(entries: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(entries.items()))
