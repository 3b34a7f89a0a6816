"""A StatefulSet: names and claims of its pods, and how they are replaced."""

import re
from typing import Final

from msgspec.structs import replace

from agent.manifests.checks.intstr import check_percentage, of_a_hundred
from agent.manifests.checks.storage import check_claim_spec
from agent.manifests.checks.unique import check_unique
from agent.manifests.checks.workload import check_workload
from agent.manifests.finding import Finding, Findings
from agent.model.objects.pod import ClaimVolume, PodTemplate, Volume
from agent.model.objects.statefulset import ClaimTemplate, StatefulSet, StatefulSetStrategy

_LONGEST: Final = 52
"""With a dash and the hash of a template a name must be a label's value, 63: ``controller-revision-hash``."""
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def check_stateful_set(body: StatefulSet) -> Findings:
    """Yield what is wrong with a StatefulSet."""
    spec, name = body.spec, body.metadata.name
    yield from _name(name)
    yield from check_workload(body, _with_claims(spec.template, spec.volume_claim_templates))
    yield from _strategy(spec.update_strategy)
    yield from _claims(spec.template, spec.volume_claim_templates)


def _name(name: str) -> Findings:
    if len(name) > _LONGEST or not _LABEL.fullmatch(name):
        message = f"pods are called `{name[:60]}-0` and so on, which must be host names"
        hint = f"take lower-case letters, digits and `-`, at most {_LONGEST} characters"
        yield Finding(("metadata", "name"), "bad-value", message, hint)


def _strategy(strategy: StatefulSetStrategy) -> Findings:
    rolling, at = strategy.rolling_update, ("spec", "updateStrategy", "rollingUpdate")
    if rolling is None:
        return
    if strategy.type == "OnDelete":
        message = "`rollingUpdate` has no meaning with the type `OnDelete`"
        yield Finding(at, "bad-value", message, at_key=True)
    if rolling.max_unavailable is None:
        return
    yield from check_percentage(rolling.max_unavailable, (*at, "maxUnavailable"))
    if of_a_hundred(rolling.max_unavailable) == 0:
        yield Finding((*at, "maxUnavailable"), "bad-value", "with 0 no pod could ever be replaced", "write 1 or more")


def _claims(template: PodTemplate, claims: tuple[ClaimTemplate, ...]) -> Findings:
    at = ("spec", "volumeClaimTemplates")
    mounted = {mount.name for container in template.spec.every_container for mount in container.volume_mounts}
    yield from check_unique(claims, at, lambda claim: claim.metadata.name, "claim", "metadata")
    for index, claim in enumerate(claims):
        yield from check_claim_spec(claim.spec, (*at, index, "spec"))
        if claim.metadata.name not in mounted:
            message = f"no container mounts the claim `{claim.metadata.name}`"
            yield Finding((*at, index, "metadata", "name"), "bad-value", message, "mount it by this name, or remove it")


def _with_claims(template: PodTemplate, claims: tuple[ClaimTemplate, ...]) -> PodTemplate:
    """Return the template with the volumes that its pods get from their claims; its own stay where they are."""
    own = template.spec.volumes
    missing = {claim.metadata.name for claim in claims} - {volume.name for volume in own}
    added = (Volume(name=name, persistent_volume_claim=ClaimVolume(claim_name=name)) for name in sorted(missing))
    return replace(template, spec=replace(template.spec, volumes=(*own, *added)))
