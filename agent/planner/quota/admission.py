"""Which of the pods that workloads ask for are made: those that are there count first, new ones while there is room."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from agent.model.kindstatus import QuotaStatus
from agent.model.memory import Memory
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.objects.quota import ResourceQuota
from agent.model.podresources import Amounts
from agent.model.quotacounts import bound, objects_counted, shown, unspecified, usage_of
from agent.model.quotascopes import concerns
from agent.model.status import ObjectStatus
from agent.planner.memo import remembered
from agent.planner.ofkind import of_kind
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim


class Admission(NamedTuple):
    """``forbidden`` are the pods that are not made, and why; ``statuses`` those of all quotas."""

    forbidden: Mapping[PodKey, str] = {}
    statuses: Sequence[ObjectStatus] = ()


class _Quota:
    """One quota, and what is used of it while pods are let in."""

    def __init__(self, key: ObjectKey, body: ResourceQuota, counted: Amounts) -> None:
        self.key, self.spec = key, body.spec
        self.hard = {name: bound(name, written) for name, written in body.spec.hard.items()}
        self.used = {name: counted.get(name, 0) for name in self.hard}

    def refusal(self, template: Template) -> str:
        """Return why one more pod of a template is too many; empty when it is not."""
        if not concerns(self.spec, template.spec):
            return ""
        if missing := unspecified(template.spec, self.hard):
            return f"failed quota: {self.key.name}: must specify {missing}"
        asked = {name: amount for name, amount in _usage_of(template).items() if name in self.hard}
        over = [name for name in sorted(asked) if asked[name] and self.used[name] + asked[name] > self.hard[name]]
        if not over:
            return ""
        said = (("requested", asked), ("used", self.used), ("limited", self.hard))
        amounts = ", ".join(f"{word}: {','.join(f'{n}={shown(n, found[n])}' for n in over)}" for word, found in said)
        return f"exceeded quota: {self.key.name}, {amounts}"

    def take(self, template: Template) -> None:
        """Count a pod in."""
        if concerns(self.spec, template.spec):
            for name, amount in _usage_of(template).items():
                if name in self.used:
                    self.used[name] += amount

    def status(self) -> ObjectStatus:
        told = QuotaStatus(
            hard={name: shown(name, self.hard[name]) for name in sorted(self.hard)},
            used={name: shown(name, self.used[name]) for name in sorted(self.used)},
        )
        return ObjectStatus(key=self.key, phase="Ready", status=told)


def admit(fleet: Fleet, claims: Sequence[Claim], memory: Memory) -> Admission:
    """Return which new pods are not made, because their namespaces have no more room for them.

    Pods that exist count first, whatever the quota says; then those that have their place already but are not there
    yet; then all others in the order of their workloads.
    """
    by_namespace: dict[str, list[_Quota]] = {}
    for key, declared in of_kind(fleet, ResourceQuota).items():
        counted = objects_counted(fleet.objects, key.namespace)
        by_namespace.setdefault(key.namespace, []).append(_Quota(key, declared.body, counted))
    if not by_namespace:
        return Admission()
    concerned = [claim for claim in claims if claim.template.declared.key.namespace in by_namespace]
    for claim in concerned:
        for template in _existing(claim):
            for quota in by_namespace[claim.template.declared.key.namespace]:
                quota.take(template)
    forbidden: dict[PodKey, str] = {}
    for claim, slot in sorted(_new(concerned), key=lambda one: one[1].name not in memory.placements):
        template = claim.template_of(slot)
        quotas = by_namespace[slot.key.namespace]
        if why := next((why for quota in quotas if (why := quota.refusal(template))), ""):
            forbidden[slot.key] = why
            continue
        for quota in quotas:
            quota.take(template)
    statuses = [quota.status() for namespace in sorted(by_namespace) for quota in by_namespace[namespace]]
    return Admission(forbidden, statuses)


@remembered
def _usage_of(template: Template) -> Amounts:
    return usage_of(template.spec)


def _existing(claim: Claim) -> Iterator[Template]:
    """Yield what the pods that are there are made from; of older templates that are not known, the newest.

    Pods at their end count for nothing: those that ended, and those of a job that are kept.
    """
    slots = {slot.key: slot for slot in claim.final} if claim.mixed else {}
    for pod in claim.current:
        if not claim.ended(pod):
            yield claim.template_of(slots[pod.key]) if pod.key in slots else claim.template
    kept = 0 if claim.template.declared.key.kind == "Job" else len(claim.kept)
    for _ in range(kept + len(claim.leaving)):
        yield claim.template


def _new(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Slot]]:
    for claim in claims:
        there: AbstractSet[PodKey] = {pod.key for pod in claim.current}
        for slot in claim.now:
            if slot.key not in there:
                yield claim, slot
