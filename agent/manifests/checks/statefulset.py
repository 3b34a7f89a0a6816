"""A StatefulSet: the claims of its pods."""

from msgspec.structs import replace

from agent.manifests.checks.storage import check_claim_spec
from agent.manifests.checks.unique import check_unique
from agent.manifests.checks.workload import check_workload
from agent.manifests.finding import Finding, Findings
from agent.model.objects.pod import ClaimVolume, PodTemplate, Volume
from agent.model.objects.statefulset import ClaimTemplate, StatefulSet


def check_stateful_set(body: StatefulSet) -> Findings:
    """Yield what is wrong with a StatefulSet."""
    spec, at = body.spec, ("spec", "volumeClaimTemplates")
    claims = spec.volume_claim_templates
    yield from check_workload("StatefulSet", spec.selector, _with_claims(spec.template, claims))
    yield from check_unique(claims, at, lambda claim: claim.metadata.name, "claim", "metadata")
    mounted = {mount.name for container in spec.template.spec.every_container for mount in container.volume_mounts}
    for index, claim in enumerate(claims):
        yield from check_claim_spec(claim.spec, (*at, index, "spec"))
        if claim.metadata.name not in mounted:
            message = f"no container mounts the claim `{claim.metadata.name}`"
            yield Finding((*at, index, "metadata", "name"), "bad-value", message, "mount it by this name, or remove it")


def _with_claims(template: PodTemplate, claims: tuple[ClaimTemplate, ...]) -> PodTemplate:
    """Return the template with the volumes that its pods get from their claims; its own stay where they are."""
    own = template.spec.volumes
    names = {volume.name for volume in own}
    added = tuple(
        Volume(name=claim.metadata.name, persistent_volume_claim=ClaimVolume(claim_name=claim.metadata.name))
        for claim in claims
        if claim.metadata.name not in names
    )
    return replace(template, spec=replace(template.spec, volumes=(*own, *added)))
