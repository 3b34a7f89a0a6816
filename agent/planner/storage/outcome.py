"""What becomes of volumes: what is remembered, what each host keeps for claims, and what data goes at last."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from agent.model.cause import Commit
from agent.model.desired import ClaimedVolume, DesiredPod, HeldVolume, ReleasedVolume
from agent.model.memory import ClaimRecord
from agent.model.objects.meta import ObjectKey
from agent.model.objects.storage import PersistentVolume
from agent.model.observation import Seen
from agent.model.origin import Location
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.planner.memo import remembered
from agent.planner.storage.ledger import Ledger, folder_of
from agent.planner.storage.marks import gone, mark_of
from agent.planner.storage.retaining import lasts, outlives, policy_of
from agent.planner.storage.uses import Use


class Outcome(Value, frozen=True, kw_only=True):
    """``held`` and ``released`` are by host; ``release_at`` is when the next data goes."""

    records: Mapping[str, ClaimRecord]
    held: Mapping[str, tuple[HeldVolume, ...]]
    released: Mapping[str, tuple[ReleasedVolume, ...]]
    release_at: float | None = None


def outcome(given: FleetInput, ledger: Ledger) -> Outcome:
    """Return what becomes of every volume, once all pods are placed."""
    records: dict[str, ClaimRecord] = {}
    held: dict[str, list[HeldVolume]] = {}
    released: dict[str, list[ReleasedVolume]] = {}
    times = []
    for name, before in sorted(ledger.records.items()):
        record = _standing(given, ledger, name, before)
        if record is None:
            continue
        records[name] = record
        due = due_at(record) if given.prune else None
        if not record.uid:
            continue
        if not record.removed_at:
            cause = _because(given, name, "declared, and not on the host yet")
            one = HeldVolume(mark=mark_of(given.agent, name, record), cause=cause, seen=record.seen)
            held.setdefault(record.host, []).append(one)
        elif due is not None and due > given.now:
            times.append(due)
        elif due is not None and record.seen and isinstance(given.observations.get(record.host), Seen):
            cause = _because(given, name, "nobody declares the claim any more, and the time of grace is over")
            mark = mark_of(given.agent, name, record)
            released.setdefault(record.host, []).append(ReleasedVolume(mark=mark, cause=cause))
    return Outcome(
        records=records,
        held={host: tuple(found) for host, found in held.items()},
        released={host: tuple(found) for host, found in released.items()},
        release_at=min(times, default=None),
    )


def due_at(record: ClaimRecord) -> float | None:
    """Return when the data of a removed claim goes; None when it does not."""
    return record.removed_at + record.grace if record.uid and record.removed_at and not record.retain else None


def _standing(given: FleetInput, ledger: Ledger, name: str, record: ClaimRecord) -> ClaimRecord | None:
    """Return what is remembered of a claim; None when there is nothing left of it."""
    used = bool(ledger.users.get(name) or ledger.running(name))
    policy = policy_of(name, ledger.stock.policies)
    wanted = name in ledger.stock.asked or outlives(record, policy)
    record = replace(
        record,
        removed_at=0.0 if wanted or used else record.removed_at or given.now,
        lasting=lasts(record, policy, declared=name in ledger.stock.asked),
    )
    observation = given.observations.get(record.host)
    if record.uid:
        return None if record.removed_at and gone(record, name, given.agent, observation) else record
    if not wanted and record.volume not in ledger.stock.volumes:
        return None
    return record if used or not isinstance(observation, Seen) else replace(record, host="")


def _because(given: FleetInput, claim: str, summary: str) -> Commit:
    namespace, _, name = claim.partition("/")
    key = ObjectKey(kind="PersistentVolumeClaim", namespace=namespace, name=name)
    declared = given.fleet.objects.get(key)
    location = declared.origin.location if declared is not None else Location(file="")
    return Commit(revision=given.fleet.revision.id, object=key, location=location, summary=summary)


def with_claims(pod: DesiredPod, uses: Sequence[Use], ledger: Ledger) -> DesiredPod:
    """Return a pod with what its volumes are bound to."""
    claims = tuple((use.volume, claimed) for use in uses if (claimed := _claimed(use, ledger)) is not None)
    return _bound(pod, claims)


@remembered
def _bound(pod: DesiredPod, claims: tuple[tuple[str, ClaimedVolume], ...]) -> DesiredPod:
    return replace(pod, claims=dict(claims))


def _claimed(use: Use, ledger: Ledger) -> ClaimedVolume | None:
    record = ledger.records.get(use.claim)
    if record is None:
        return None
    short = use.claim.partition("/")[2]
    if record.uid:
        return ClaimedVolume(claim=short, volume=record.volume, path=record.path, provisioned=not record.seen)
    volume = ledger.stock.volumes.get(record.volume)
    return _declared(short, volume) if volume is not None else None


def _declared(claim: str, volume: PersistentVolume) -> ClaimedVolume:
    spec, name = volume.spec, volume.metadata.name
    if spec.nfs is not None:
        options = (*spec.mount_options, "ro") if spec.nfs.read_only else spec.mount_options
        return ClaimedVolume(
            claim=claim, volume=name, path=spec.nfs.path, server=spec.nfs.server, mount_options=options
        )
    # As containerd does for a hostPath of which nothing is asked, the folder is made where it is missing.
    made = spec.host_path is not None and spec.host_path.type in {"", "DirectoryOrCreate"}
    return ClaimedVolume(claim=claim, volume=name, path=folder_of(volume), provisioned=made)
