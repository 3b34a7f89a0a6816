"""What becomes of claims and volumes, in Kubernetes' words: Bound, Pending, Lost, Available, Released."""

from collections.abc import Iterator

from agent.model.memory import ClaimRecord
from agent.model.objects.meta import ObjectKey
from agent.model.objects.storage import PersistentVolume
from agent.model.status import ObjectStatus
from agent.planner.host import texts
from agent.planner.storage.ledger import Ledger
from agent.planner.storage.outcome import Outcome, due_at
from agent.planner.storage.refusals import pending
from agent.planner.storage.uses import Asked


def claim_statuses(ledger: Ledger, found: Outcome) -> Iterator[ObjectStatus]:
    """Yield the status of every declared claim and volume, and of removed claims whose data is still kept."""
    owners = {record.volume: name for name, record in found.records.items() if not record.uid}
    for name, asked in ledger.stock.asked.items():
        if not asked.owner:
            yield _claim(ledger, asked, found.records.get(name))
    for name, record in found.records.items():
        if record.uid and record.removed_at and not record.ephemeral:
            yield _removed(name, record)
        elif name not in ledger.stock.asked and not record.removed_at and not record.ephemeral:
            yield _retained(name, record)
    for volume in ledger.stock.volumes.values():
        owner = owners.get(volume.metadata.name, "")
        yield _volume(volume, owner, removed=bool(owner) and bool(found.records[owner].removed_at))


def _key(claim: str) -> ObjectKey:
    namespace, _, name = claim.partition("/")
    return ObjectKey(kind="PersistentVolumeClaim", namespace=namespace, name=name)


def _claim(ledger: Ledger, asked: Asked, record: ClaimRecord | None) -> ObjectStatus:
    key, why = _key(asked.name), pending(ledger, asked)
    if record is not None and why:
        return ObjectStatus(key=key, phase="Failed", reason="Lost", message=why)
    if record is not None:
        place = f", {record.path} on {record.host}" if record.uid else ""
        return ObjectStatus(key=key, phase="Ready", reason="Bound", message=f"bound to volume {record.volume}{place}")
    if why:
        return ObjectStatus(key=key, phase="Waiting", reason="Pending", message=why)
    if asked.name in ledger.stock.consumers:
        return ObjectStatus(key=key, phase="Waiting", reason="Pending", message="waits for its pod to be placed")
    message = "waiting for first consumer to be created before binding"
    return ObjectStatus(key=key, phase="Ready", reason="Pending", message=message)


def _removed(claim: str, record: ClaimRecord) -> ObjectStatus:
    due = due_at(record)
    until = "until somebody removes it by hand" if due is None else f"until {texts.clock(due)}"
    message = (
        f"nobody declares it any more; its data, {record.path} on {record.host}, is kept {until}; "
        "declare the claim again to have it back"
    )
    return ObjectStatus(key=_key(claim), phase="Ready", reason="Released", message=message)


def _retained(claim: str, record: ClaimRecord) -> ObjectStatus:
    place = f", {record.path} on {record.host}," if record.uid else ""
    message = (
        f"no pod of a StatefulSet uses it now; volume {record.volume}{place} stays bound to it for when one does "
        "again; to give the data up, declare the claim and remove it again"
    )
    return ObjectStatus(key=_key(claim), phase="Ready", reason="Bound", message=message)


def _volume(volume: PersistentVolume, owner: str, *, removed: bool) -> ObjectStatus:
    key = ObjectKey(kind="PersistentVolume", namespace="", name=volume.metadata.name)
    if not owner:
        return ObjectStatus(key=key, phase="Ready", reason="Available")
    if not removed:
        return ObjectStatus(key=key, phase="Ready", reason="Bound", message=f"bound to claim {owner}")
    message = f"claim {owner} is gone; what is in it is kept, and is for that claim alone should it come back"
    return ObjectStatus(key=key, phase="Ready", reason="Released", message=message)
