"""Pods of a StatefulSet: each has a name that it is known by, and claims of its own."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.labels import POD_INDEX, SET_POD_NAME
from agent.model.objects.pod import ClaimVolume, PodTemplate, Volume
from agent.model.objects.statefulset import StatefulSet

_OPEN: Final = "-"
"""What the name of a claim ends in as long as its ordinal is missing. No name that somebody writes ends so."""


def with_identity(body: StatefulSet) -> PodTemplate:
    """Return the template of a set's pods with what follows from the set: their subdomain, and volumes for claims.

    As in Kubernetes a claim template comes before a volume of the same name that the pod template has.
    """
    template, claims = body.spec.template, body.spec.volume_claim_templates
    generated = {one.metadata.name: f"{one.metadata.name}-{body.metadata.name}{_OPEN}" for one in claims}
    volumes = (
        *(Volume(name=name, persistent_volume_claim=ClaimVolume(claim_name=stem)) for name, stem in generated.items()),
        *(volume for volume in template.spec.volumes if volume.name not in generated),
    )
    return replace(template, spec=replace(template.spec, subdomain=body.spec.service_name, volumes=volumes))


def claim_of(name: str, ordinal: int) -> str:
    """Return the claim that a volume means in the pod with an ordinal: one of the pod's own, or any other."""
    return f"{name}{ordinal}" if name.endswith(_OPEN) else name


def individual(pod: DesiredPod, ordinal: int) -> DesiredPod:
    """Return the pod with an ordinal: called by its own name, and with its own claims."""
    name = pod.key.name
    labels = {**pod.labels, SET_POD_NAME: name, POD_INDEX: str(ordinal)}
    spec = replace(pod.spec, hostname=name, volumes=tuple(_own(pod.spec.volumes, ordinal)))
    return replace(pod, labels=labels, spec=spec)


def _own(volumes: Iterable[Volume], ordinal: int) -> Iterable[Volume]:
    for volume in volumes:
        claim = volume.persistent_volume_claim
        if claim is None:
            yield volume
        else:
            mine = replace(claim, claim_name=claim_of(claim.claim_name, ordinal))
            yield replace(volume, persistent_volume_claim=mine)
