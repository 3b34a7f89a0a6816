"""Which claims pods use, and which there are: declared ones, those of StatefulSets, those of ephemeral volumes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from agent.model.objects.claim import PersistentVolumeClaim, PersistentVolumeClaimSpec
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.statefulset import StatefulSet
from agent.model.value import Value
from agent.planner.individual.statefulset import claim_of
from agent.planner.template import Slot, Template
from agent.planner.workload import Claim

_SHARED: Final = {"ReadOnlyMany", "ReadWriteMany"}


class Use(Value, frozen=True, kw_only=True):
    """One volume of a pod, and the claim behind it by ``namespace/name``; ``own`` for an ephemeral volume."""

    volume: str
    claim: str
    own: bool = False


class Asked(Value, frozen=True, kw_only=True):
    """One claim that is asked for. ``owner`` is the pod whose ephemeral volume it is, empty for any other."""

    name: str
    spec: PersistentVolumeClaimSpec
    owner: str = ""
    labels: Mapping[str, str] = {}

    @property
    def short(self) -> str:
        """Its name within its namespace."""
        return self.name.partition("/")[2]

    @property
    def one_host(self) -> bool:
        """Whether pods of only one host at a time may use it."""
        return not _SHARED & set(self.spec.access_modes)

    @property
    def one_pod(self) -> bool:
        """Whether only one pod at a time may use it."""
        return self.spec.access_modes == ("ReadWriteOncePod",)


def uses_of(template: Template, slot: Slot) -> tuple[Use, ...]:
    """Return the claims that the pod in a slot uses, in the order of its volumes."""
    namespace, found = slot.key.namespace, []
    for volume in template.claiming:
        source = volume.persistent_volume_claim
        name = claim_of(source.claim_name, slot.index) if source is not None else f"{slot.key.name}-{volume.name}"
        found.append(Use(volume=volume.name, claim=f"{namespace}/{name}", own=source is None))
    return tuple(found)


def asked_for(
    declared: Mapping[ObjectKey, Declared[PersistentVolumeClaim]], workloads: Iterable[Claim]
) -> Mapping[str, Asked]:
    """Return every claim that is asked for, by name; a declared one comes before a pod's own of the same name."""
    found: dict[str, Asked] = {}
    for template, slot in _claiming(workloads):
        found.update((one.name, one) for one in (*_ephemeral(template, slot), *_generated(template, slot)))
    for key, one in declared.items():
        name = f"{key.namespace}/{key.name}"
        found[name] = Asked(name=name, spec=one.body.spec, labels=one.body.metadata.labels)
    return found


def consumers_of(workloads: Iterable[Claim]) -> Mapping[str, frozenset[str]]:
    """Return the pods that are to use each claim, by claim."""
    found: dict[str, set[str]] = {}
    for template, slot in _claiming(workloads):
        for use in uses_of(template, slot):
            found.setdefault(use.claim, set()).add(slot.name)
    return {name: frozenset(pods) for name, pods in found.items()}


def _claiming(workloads: Iterable[Claim]) -> Iterator[tuple[Template, Slot]]:
    """Yield the slots whose pods use claims, each with its template."""
    for workload in workloads:
        if workload.template.claiming or workload.mixed:
            for slot in workload.final:
                template = workload.template_of(slot)
                if template.claiming:
                    yield template, slot


def _generated(template: Template, slot: Slot) -> Iterator[Asked]:
    """Yield the claims that a StatefulSet asks for in the name of one of its pods."""
    body = template.declared.body
    for claim in body.spec.volume_claim_templates if isinstance(body, StatefulSet) else ():
        name = f"{slot.key.namespace}/{claim.metadata.name}-{body.metadata.name}-{slot.index}"
        yield Asked(name=name, spec=claim.spec, labels=claim.metadata.labels)


def _ephemeral(template: Template, slot: Slot) -> Sequence[Asked]:
    return [
        Asked(
            name=f"{slot.name}-{volume.name}",
            spec=volume.ephemeral.volume_claim_template.spec,
            owner=slot.name,
            labels=volume.ephemeral.volume_claim_template.metadata.labels,
        )
        for volume in template.claiming
        if volume.ephemeral is not None
    ]
