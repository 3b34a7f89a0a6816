"""The claims of storage that an object makes, by itself or for its pods."""

from collections.abc import Iterator

from agent.manifests.finding import Steps
from agent.manifests.templates import pod_spec_of
from agent.model.objects.claim import PersistentVolumeClaim, PersistentVolumeClaimSpec
from agent.model.objects.fleet import AnyObject
from agent.model.objects.statefulset import StatefulSet


def claims_of(body: AnyObject) -> Iterator[tuple[PersistentVolumeClaimSpec, Steps]]:
    """Yield the claims of an object and their paths: itself, or those that each of its pods gets."""
    if isinstance(body, PersistentVolumeClaim):
        yield body.spec, ("spec",)
    if isinstance(body, StatefulSet):
        for index, template in enumerate(body.spec.volume_claim_templates):
            yield template.spec, ("spec", "volumeClaimTemplates", index, "spec")
    found = pod_spec_of(body)
    for index, volume in enumerate(found[0].volumes if found else ()):
        if found and volume.ephemeral:
            place = (*found[1], "volumes", index, "ephemeral", "volumeClaimTemplate", "spec")
            yield volume.ephemeral.volume_claim_template.spec, place
