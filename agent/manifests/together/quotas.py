"""Namespaces whose objects want more than a ResourceQuota allows, at the replicas that are declared.

What only grows later, such as a rollout's surge or the jobs of a CronJob, is bounded when it does.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from agent.manifests.claims import claims_of
from agent.manifests.parsed import ParsedObject
from agent.manifests.templates import pod_spec_of
from agent.manifests.together.autoscalers import target_of
from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.pod import Pod
from agent.model.objects.quota import QuotaSpec, ResourceQuota
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.model.podresources import Amounts
from agent.model.problem import Problem
from agent.model.quotacounts import bound, objects_counted, shown, unspecified, usage_of, usage_of_claim
from agent.model.quotascopes import concerns


class _Used(NamedTuple):
    """What is used of a quota so far, in the order of the files."""

    entry: ParsedObject
    spec: QuotaSpec
    used: Counter[str]


def check_quotas(index: Index) -> Iterator[Problem]:
    """Yield what does not fit the quotas of its namespace, and pods that leave out what a quota counts."""
    quotas: dict[str, list[_Used]] = {}
    for entry in index.objects:
        body = entry.declared.body if entry.declared else None
        if isinstance(body, ResourceQuota):
            quotas.setdefault(entry.key.namespace, []).append(_Used(entry, body.spec, Counter()))
    if not quotas:
        return
    least = _least(index)
    declared: dict[str, dict[ObjectKey, Declared[AnyObject]]] = {namespace: {} for namespace in quotas}
    for entry in index.objects:
        if entry.declared and entry.key.namespace in declared:
            declared[entry.key.namespace][entry.key] = entry.declared
    for namespace, objects in declared.items():
        yield from _objects(objects_counted(objects, namespace), quotas[namespace])
    for entry in index.objects:
        for quota in quotas.get(entry.key.namespace, ()):
            yield from _pods(entry, quota, least)


def _objects(counted: Amounts, quotas: list[_Used]) -> Iterator[Problem]:
    """Yield counts of objects that are too high by themselves, at the quota."""
    for quota in quotas:
        quota.used.update(counted)
        for name, most in _bounds(quota.spec):
            if counted.get(name, 0) > most:
                message = f"the source declares {shown(name, counted[name])} of {name}, at most {shown(name, most)} fit"
                yield problem(quota.entry, "quota", message, path=f"spec.hard.{name}", hint="raise it, or declare less")


def _least(index: Index) -> dict[ObjectKey, int]:
    """Return how many replicas workloads have at least whose number follows from an autoscaler."""
    bodies = ((entry.key, entry.declared.body) for entry in index.objects if entry.declared)
    return {
        target_of(key.namespace, body): body.spec.min_replicas
        for key, body in bodies
        if isinstance(body, HorizontalPodAutoscaler)
    }


def _pods(entry: ParsedObject, quota: _Used, least: dict[ObjectKey, int]) -> Iterator[Problem]:
    body = entry.declared.body if entry.declared else None
    found = pod_spec_of(body) if body else None
    if body is None or found is None:
        return
    lasting = least.get(entry.key, _lasting(body))
    one = Counter[str]()
    if concerns(quota.spec, found[0]):
        if missing := unspecified(found[0], quota.spec.hard):
            hint = "write them in `resources`, or let a LimitRange give defaults"
            message = f"{quota.entry.key} wants every container to say what it counts: {missing}"
            yield problem(entry, "quota", message, path=".".join(map(str, found[1])), hint=hint, other=quota.entry)
            return
        one.update(usage_of(found[0]))
    for claim, _ in () if isinstance(body, PersistentVolumeClaim) else claims_of(body):
        one.update(usage_of_claim(claim))
    yield from _beyond(entry, quota, one, lasting)


def _lasting(body: AnyObject) -> int | None:
    """Return how many pods run side by side for good; None where that is not known from the object itself."""
    match body:
        case Pod():
            return 1
        case Deployment() | ReplicaSet() | StatefulSet():
            return body.spec.replicas
        case _:
            return None


def _beyond(entry: ParsedObject, quota: _Used, one: Counter[str], lasting: int | None) -> Iterator[Problem]:
    """Yield what is too much with all that came before; of pods that come and go, what is too much for one alone."""
    for name, most in _bounds(quota.spec):
        before = quota.used[name] if lasting is not None else 0
        wanted = one[name] * (1 if lasting is None else lasting)
        if wanted and before + wanted > most:
            others = f" beside the {shown(name, before)} of others" if before else ""
            message = (
                f"{quota.entry.key} allows {shown(name, most)} of {name}, this wants {shown(name, wanted)}{others}"
            )
            yield problem(entry, "quota", message, path="spec", hint="take less, or raise the quota", other=quota.entry)
        elif lasting is not None:
            quota.used[name] += wanted


def _bounds(spec: QuotaSpec) -> list[tuple[str, int]]:
    return [(name, bound(name, written)) for name, written in sorted(spec.hard.items())]
