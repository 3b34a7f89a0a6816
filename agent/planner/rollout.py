"""How far a workload is on its way to its newest template, and since when it got no further: what memory keeps."""

from typing import Final

from msgspec.structs import replace

from agent.model.memory import RolloutRecord
from agent.model.value import Value

NO_DEADLINE: Final = 2**31 - 1
"""Kubernetes' way to write that a rollout may take for ever."""


class Counts(Value, frozen=True, kw_only=True):
    """Pods of the newest template, those of them that are available, and pods of older templates.

    ``whole`` once the rollout is through. A ``paused`` rollout is not expected to get anywhere.
    """

    updated: int
    available: int
    older: int
    whole: bool = False
    paused: bool = False


def advance(record: RolloutRecord | None, template_hash: str, counts: Counts, now: float) -> RolloutRecord:
    """Return what is to be remembered of a rollout: the same value while nothing happens.

    It gets somewhere with more new pods, more of them available, or fewer old ones than it ever had: a pod that only
    comes and goes is no progress. What becomes of a workload once it was whole is no rollout any more; a template that
    was there before is a new revision all the same, as in Kubernetes.
    """
    if record is None or record.hash != template_hash:
        return RolloutRecord(
            hash=template_hash,
            revision=record.revision + 1 if record is not None else 1,
            progressed_at=now,
            updated=counts.updated,
            available=counts.available,
            older=counts.older,
            whole=counts.whole,
            paused=counts.paused,
            enough=record is not None and record.enough,
            enough_since=record.enough_since if record is not None else 0.0,
            templates=record.templates if record is not None else {},
            numbers=record.numbers if record is not None else {},
        )
    on = counts.updated > record.updated or counts.available > record.available or counts.older < record.older
    resumed = record.paused and not counts.paused
    if record.whole or not (on or resumed or counts.whole):
        # A clock that was set back takes no time away.
        at = min(record.progressed_at, now)
        unchanged = at == record.progressed_at and counts.paused == record.paused
        return record if unchanged else replace(record, progressed_at=at, paused=counts.paused)
    return replace(
        record,
        progressed_at=now,
        updated=max(counts.updated, record.updated),
        available=max(counts.available, record.available),
        older=min(counts.older, record.older),
        whole=counts.whole,
        paused=counts.paused,
    )


def deadline(record: RolloutRecord, seconds: int) -> float | None:
    """Return when a rollout has got nowhere for too long; None for one that is through, or waits for a person."""
    if record.whole or record.paused or seconds >= NO_DEADLINE:
        return None
    return record.progressed_at + seconds
