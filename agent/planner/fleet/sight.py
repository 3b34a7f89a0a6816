"""Our pods over the whole fleet, put together from what every host shows and from what memory knows of the rest."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.memory import Memory
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Unseen, last_known
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.planner.fleet.lost import with_lost
from agent.planner.fleet.taints import Since
from agent.planner.live import Live, live_pods
from agent.planner.memo import remembered
from agent.planner.naming import parse_ordinal, parse_set, parse_slot, set_name
from agent.planner.workload import Claim

_GENERATING: Final = frozenset({"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"})
"""Kinds whose pods have generated names."""


class Sight(Value, frozen=True, kw_only=True):
    """``pods`` has every pod once, by key; ``duplicates`` are further copies of one on other hosts."""

    on_host: Mapping[str, Collection[Live]]
    pods: Mapping[PodKey, Live]
    by_owner: Mapping[ObjectKey, Sequence[Live]]
    duplicates: tuple[Live, ...] = ()


def look(given: FleetInput, hosts: Iterable[str]) -> Sight:
    """Return what is known of our pods on the declared hosts."""
    on_host = {name: live_pods(name, given.observations[name], given.agent) for name in hosts}
    stems = {**_stems(_remembered_jobs(given.memory)), **_declared_stems(given.fleet)}
    for host, ghosts in _ghosts(given, on_host, stems).items():
        on_host[host] = {**on_host[host], **{pod.key: pod for pod in ghosts}}
    for host in {record.host for record in given.memory.evicted.values()} & on_host.keys():
        on_host[host] = {key: _on_its_way(pod, given.memory) for key, pod in on_host[host].items()}
    pods, duplicates = _each_once(on_host.values(), given.memory)
    by_owner: dict[ObjectKey, list[Live]] = {}
    for pod in pods.values():
        owner = pod.owner or _owner_by_name(pod.key, stems)
        by_owner.setdefault(owner, []).append(pod)
    there = {host: found.values() for host, found in on_host.items()}
    return Sight(on_host=there, pods=pods, by_owner=by_owner, duplicates=duplicates)


def _each_once(
    on_hosts: Collection[Mapping[PodKey, Live]], memory: Memory
) -> tuple[Mapping[PodKey, Live], tuple[Live, ...]]:
    """Return every pod by its key, and further copies of them."""
    pods: dict[PodKey, Live] = {}
    for found in on_hosts:
        pods.update(found)
    if len(pods) == sum(map(len, on_hosts)):
        return pods, ()
    pods, duplicates = {}, []
    for pod in (pod for found in on_hosts for pod in found.values()):
        other = pods.setdefault(pod.key, pod)
        if other is not pod:
            pods[pod.key], surplus = sorted((pod, other), key=lambda one: _claim_to_stay(one, memory))
            duplicates.append(surplus)
    return pods, tuple(duplicates)


def _on_its_way(pod: Live, memory: Memory) -> Live:
    """Return a pod as it counts: one that was told to leave its host is ready for nobody, however well it runs."""
    record = memory.evicted.get(pod.name)
    return pod if record is None or record.host != pod.host else replace(pod, running_since=None, steady=None)


def without_lost(given: FleetInput, sight: Sight, claims: Iterable[Claim], since: Since) -> Sight:
    """Return what is left without the pods that others take the place of. Another copy of one may be lost as well."""
    losers = {(pod.key, pod.host): claim for claim in claims for pod in claim.lost}
    if not losers:
        return sight
    bereft: list[Live] = []
    for one in sight.duplicates:
        if (claim := losers.get((one.key, sight.pods[one.key].host))) is not None:
            template = claim.template
            bereft += with_lost(given, template.declared.key.kind, template.demand, (one,), since)
    lost = {*losers, *((one.key, one.host) for one in bereft if one.lost)}
    others = {one.key: one for one in reversed(bereft) if not one.lost}
    return replace(
        sight,
        on_host={
            host: tuple(one for one in pods if (one.key, host) not in lost) for host, pods in sight.on_host.items()
        },
        pods={key: pod for key, pod in sight.pods.items() if (key, pod.host) not in lost} | others,
        duplicates=tuple(one for one in sight.duplicates if (one.key, sight.pods[one.key].host) not in losers),
    )


def _claim_to_stay(pod: Live, memory: Memory) -> tuple[bool, bool, bool, bool, float, str]:
    """Rank copies of a pod: one seen to run first, one that was lost last, else the one decided on, then the oldest.

    One that was only planned does not count beside one that is there: it was to wait until that is gone.
    """
    lost, decided = memory.lost.get(pod.name) == pod.host, memory.placements.get(pod.name) == pod.host
    return pod.planned, pod.ready_since() is None, lost, not decided, pod.created_at, pod.host


def _stems(objects: Iterable[ObjectKey]) -> Mapping[str, ObjectKey]:
    """Return whose the pods are whose names begin so. What follows tells StatefulSets from all others."""
    return {
        f"{key.namespace}/{key.name if key.kind == 'StatefulSet' else set_name(key.name, '')}": key
        for key in objects
        if key.kind in _GENERATING
    }


@remembered
def _declared_stems(fleet: Fleet) -> Mapping[str, ObjectKey]:
    return _stems(fleet.objects)


def _remembered_jobs(memory: Memory) -> Iterator[ObjectKey]:
    """Yield the jobs that memory knows: those of CronJobs stand nowhere else."""
    for text in memory.jobs:
        namespace, _, name = text.removeprefix("Job ").partition("/")
        yield ObjectKey(kind="Job", namespace=namespace, name=name)


def _owner_by_name(key: PodKey, stems: Mapping[str, ObjectKey]) -> ObjectKey:
    """Return whose a pod is by its name alone, for one that lost, or cannot show, its owner annotation."""
    name = str(key)
    found = None
    if generated := parse_set(name):
        stem = generated[: generated.rindex("-") + 1]
        found = stems.get(stem) or stems.get(f"{stem.rstrip('-').rpartition('-')[0]}-")
    if found is None and (ordinal := parse_ordinal(name)):
        found = stems.get(ordinal[0])
    return found or ObjectKey(kind="Pod", namespace=key.namespace, name=key.name)


def _ghosts(
    given: FleetInput, on_host: Mapping[str, Mapping[PodKey, Live]], stems: Mapping[str, ObjectKey]
) -> Mapping[str, list[Live]]:
    """Return the pods that only memory tells of, on unseen hosts.

    Such are all pods of a host that this agent has not seen yet at all. Of another, those that were planned since the
    last look: nobody knows whether they were made before the host was cut off.
    """
    unseen = {host: {pod.name for pod in pods.values()} for host, pods in on_host.items() if not _is_seen(given, host)}
    if not unseen:
        return {}
    remembered = (one for one in remembered_pods(given.memory) if one[1] in unseen and one[0] not in unseen[one[1]])
    ghosts: dict[str, list[Live]] = {}
    for name, host in sorted(set(remembered)):
        planned = last_known(given.observations[host]) is not None
        ghosts.setdefault(host, []).append(_ghost(name, host, stems, planned=planned))
    return ghosts


def _is_seen(given: FleetInput, host: str) -> bool:
    return not isinstance(given.observations[host], Unseen)


def remembered_pods(memory: Memory) -> Iterator[tuple[str, str]]:
    """Yield the pods that may be somewhere, each with its host: no host was told to start those that are pending."""
    pending = frozenset(memory.pending)
    placements = {name: host for name, host in memory.placements.items() if name not in pending}
    yield from placements.items()
    yield from ((name, host) for name, host in memory.leaving.items() if name not in placements)
    elsewhere = (*memory.lost.items(), *((name, one.host) for name, one in memory.evicted.items()))
    yield from ((name, host) for name, host in elsewhere if placements.get(name) != host)


def _ghost(name: str, host: str, stems: Mapping[str, ObjectKey], *, planned: bool) -> Live:
    namespace, _, short = name.partition("/")
    key = PodKey(namespace=namespace, name=short)
    parsed = parse_slot(short) or ("", -1)
    return Live(
        key=key,
        name=name,
        host=host,
        seen=False,
        planned=planned,
        owner=_owner_by_name(key, stems),
        generation=parse_set(short).rpartition("-")[2],
        set=parsed[0],
        slot=parsed[1],
    )
