"""What the hosts tell of volumes that trimtab made: their marks, and which pods have volumes mounted."""

import hashlib
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.model.memory import ClaimRecord, Memory
from agent.model.observation import Observation, Seen, last_known
from agent.model.volumes import VolumeMark
from agent.planner.memo import remembered
from agent.planner.pods import observed_pods
from agent.planner.storage.classes import Classes, makes_volumes, retention

_OF_PODS = (f"{PODS_DIR}/", f"{SECRETS_DIR}/")


def claim_uid(agent: str, claim: str) -> str:
    """Return what names the volume of a claim: the same again for a claim that comes back."""
    return hashlib.sha256(f"{agent}\0{claim}".encode()).hexdigest()[:8]


def mark_of(agent: str, claim: str, record: ClaimRecord) -> VolumeMark:
    """Return the mark of a volume that trimtab made."""
    namespace, _, name = claim.partition("/")
    return VolumeMark(
        path=record.path,
        agent=agent,
        namespace=namespace,
        claim=name,
        uid=record.uid,
        storage_class=record.storage_class,
        ephemeral=record.ephemeral,
        created=record.created,
        lasting=record.lasting,
    )


def learn(
    memory: Memory, observations: Mapping[str, Observation], agent: str, classes: Classes
) -> dict[str, ClaimRecord]:
    """Return the records of memory, completed by what the marks on hosts tell.

    What memory knows wins: a second volume of a claim, on another host, is neither used nor removed.
    """
    records = dict(memory.claims)
    for host in sorted(observations):
        seen = last_known(observations[host])
        for one in seen.volumes if seen is not None else ():
            mark = one.mark
            name = f"{mark.namespace}/{mark.claim}"
            if mark.agent != agent:
                continue
            record = records.get(name)
            if record is None:
                records[name] = _relearned(mark, host)
            elif (record.host, record.path, record.seen) == (host, mark.path, False):
                records[name] = replace(record, seen=True)
    return {name: _by_class(record, classes) for name, record in records.items()}


def _relearned(mark: VolumeMark, host: str) -> ClaimRecord:
    return ClaimRecord(
        volume=f"pvc-{mark.uid}",
        host=host,
        path=mark.path,
        uid=mark.uid,
        storage_class=mark.storage_class,
        ephemeral=mark.ephemeral,
        created=mark.created,
        seen=True,
        lasting=mark.lasting,
    )


def _by_class(record: ClaimRecord, classes: Classes) -> ClaimRecord:
    """Return a record with what its class says today; what a class that is gone said last stands."""
    found = classes.get(record.storage_class)
    if not record.uid or found is None or not makes_volumes(found):
        return record
    grace = 0.0 if record.ephemeral else retention(found)
    return replace(record, retain=found.reclaim_policy == "Retain", grace=grace)


def gone(record: ClaimRecord, claim: str, agent: str, observation: Observation | None) -> bool:
    """Tell whether a volume is known to be on its host no more."""
    if not isinstance(observation, Seen):
        return False
    return not record.seen or all(
        (one.mark.agent, f"{one.mark.namespace}/{one.mark.claim}", one.mark.path) != (agent, claim, record.path)
        for one in observation.volumes
    )


@remembered
def mounted_paths(seen: Seen, agent: str) -> Mapping[str, tuple[str, ...]]:
    """Return the paths of a host that are mounted in containers of our pods, each with the pods' names.

    A pod that ran to its end uses nothing any more.
    """
    pods = observed_pods(seen, agent)
    names = {one.id: str(key) for key, pod in pods.items() if not pod.over for one in pod.sandboxes}
    found: dict[str, set[str]] = {}
    for container in seen.containers:
        for mount in container.config.mounts if container.sandbox_id in names else ():
            if mount.host_path.startswith(_OF_PODS):
                continue
            found.setdefault(mount.host_path, set()).add(names[container.sandbox_id])
    return {path: tuple(sorted(pods)) for path, pods in sorted(found.items())}


def users_of(path: str, mounted: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the pods that have a folder, or something below it, mounted."""
    return tuple(sorted({pod for one, pods in mounted.items() if f"{one}/".startswith(f"{path}/") for pod in pods}))
