"""Asking every workload what it wants."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from msgspec.structs import replace

from agent.model.memory import RolloutRecord
from agent.model.objects.fleet import Fleet
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.pod import Pod
from agent.model.plan import FleetInput
from agent.planner.fleet.lost import with_lost
from agent.planner.fleet.rest import note_rest, resting
from agent.planner.fleet.sight import Sight
from agent.planner.fleet.taints import Since
from agent.planner.fleet.templates import earlier_templates, older_hashes, template_of, template_texts
from agent.planner.live import Live
from agent.planner.memo import remembered
from agent.planner.naming import parse_set
from agent.planner.ofkind import of_kind
from agent.planner.template import Template, Workload
from agent.planner.workload import Claim, Scope
from agent.planner.workloads import CLAIMS, ORDER


class Asked(NamedTuple):
    """What the workloads are asked about: the declared ones, those that others derive, and what autoscalers say."""

    workloads: Mapping[ObjectKey, Declared[Workload]]
    replicas: Mapping[ObjectKey, int]


def ask(
    given: FleetInput, hosts: Mapping[str, Declared[Host]], sight: Sight, since: Since, asked: Asked
) -> tuple[Claim, ...]:
    """Return what every workload wants. Fixed names come first: a generated one can give way."""
    names = frozenset(f"{key.namespace}/{key.name}" for key in of_kind(given.fleet, Pod))
    taken = frozenset(name for name in names if parse_set(name))
    claims = []
    for declared in sorted(asked.workloads.values(), key=lambda one: ORDER.index(one.key.kind)):
        key, template = declared.key, template_of(given, declared)
        if key.kind == "Pod":
            pod = sight.pods.get(template.slot(0).key)
            live: Sequence[Live] = () if pod is None else (pod,)
        else:
            live = sight.by_owner.get(key, ())
            live = [one for one in live if one.name not in names] if names else live
        scope = Scope(given, hosts, template, live, taken=taken, replicas=asked.replicas.get(key))
        claims.append(resting(scope) or _claim(scope, since))
    return tuple(claims)


def _claim(scope: Scope, since: Since) -> Claim:
    given, template, declared = scope.given, scope.template, scope.template.declared
    older = older_hashes(given, template, scope.live)
    whole = scope._replace(
        live=with_lost(given, declared.key.kind, template.demand, scope.live, since),
        earlier=earlier_templates(given, template, older),
    )
    claim = _with_templates(given, CLAIMS[declared.key.kind](whole), whole.earlier)
    if whole.earlier:
        claim = replace(claim, earlier=whole.earlier)
    if not older:
        note_rest(scope, claim)
    return claim if scope.replicas is None else _autoscaled(claim)


@remembered
def declared_workloads(fleet: Fleet) -> Mapping[ObjectKey, Declared[Workload]]:
    """Return the workloads that a fleet declares."""
    return {key: cast("Declared[Workload]", one) for key, one in fleet.objects.items() if key.kind in CLAIMS}


def _autoscaled(claim: Claim) -> Claim:
    """Say who asked for fewer pods: no line of the workload's manifest did."""
    leaving = tuple(
        replace(one, summary=f"{one.summary} by its autoscaler") if one.reason == "scaled-down" else one
        for one in claim.leaving
    )
    return claim if leaving == claim.leaving else replace(claim, leaving=leaving)


def _with_templates(given: FleetInput, claim: Claim, earlier: Mapping[str, Template]) -> Claim:
    """Let a claim's record hold the older templates that its pods live of.

    One that reads other variables by now has another hash, and the text and the number of the one that it was.
    """
    record, key = claim.rollout, claim.template.declared.key
    if record is None:
        return claim
    going = (one.pod for one in claim.leaving)
    old = {record.current, *(pod.generation for pod in (*claim.kept, *claim.lost, *going))} | {
        slot.template.hash for slot in claim.final if slot.template is not None
    }
    wanted = sorted(old - {claim.template.hash, ""})
    was = {one.again.hash: hash_ for hash_, one in earlier.items() if one.again is not None and one.again.hash in old}
    found = template_texts(given, key, sorted({*wanted, *was.values()})) if wanted else {}
    of = {hash_: hash_ if hash_ in found else was.get(hash_, "") for hash_ in wanted}
    texts = {hash_: found[one] for hash_, one in of.items() if one in found}
    known = given.memory.rollouts.get(str(key))
    numbers = {hash_: _number(known, of[hash_]) for hash_ in texts}
    if (texts, numbers) == (record.templates, record.numbers):
        return claim
    return replace(claim, rollout=replace(record, templates=texts, numbers=numbers))


def _number(record: RolloutRecord | None, hash_: str) -> int:
    if record is None:
        return 0
    return record.revision if record.hash == hash_ else record.numbers.get(hash_, 0)
