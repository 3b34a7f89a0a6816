"""What becomes of a StatefulSet's claims when the set, or a pod of it, is not wanted any more: they stay, or go."""

from collections.abc import Iterable, Mapping

from agent.model.memory import ClaimRecord
from agent.model.objects.statefulset import ClaimRetention, StatefulSet
from agent.planner.workload import Claim

Policies = Mapping[str, ClaimRetention]
"""By what the claims' names begin with, ``namespace/TEMPLATE-SET-``."""


def policies(workloads: Iterable[Claim]) -> Policies:
    """Return the retention policies of all StatefulSets that are declared."""
    bodies = (one.template.declared.body for one in workloads)
    return {
        f"{body.metadata.namespace}/{template.metadata.name}-{body.metadata.name}-": (
            body.spec.persistent_volume_claim_retention_policy or ClaimRetention()
        )
        for body in bodies
        if isinstance(body, StatefulSet)
        for template in body.spec.volume_claim_templates
    }


def policy_of(claim: str, found: Policies) -> ClaimRetention | None:
    """Return the policy for a claim (``namespace/name``); None for one of no set that is declared."""
    stem, dash, ordinal = claim.rpartition("-")
    return found.get(stem + dash) if ordinal.isascii() and ordinal.isdigit() else None


def outlives(record: ClaimRecord, policy: ClaimRetention | None) -> bool:
    """Tell whether a claim stays that nobody asks for.

    With its set in place, the set says so. Of a set that is gone, what it said last counts, and a claim that was given
    up before stays so.
    """
    if policy is not None:
        return policy.when_scaled == "Retain"
    return record.lasting and not record.removed_at


def lasts(record: ClaimRecord, policy: ClaimRetention | None, *, declared: bool) -> bool:
    """Tell whether a claim is to outlive its set. One that somebody declares is his, and goes with its declaration."""
    if policy is not None:
        return policy.when_deleted == "Retain"
    return record.lasting and not declared
