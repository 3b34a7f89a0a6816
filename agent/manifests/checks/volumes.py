"""Volumes of a pod: each has one source, and each of its files comes from one place."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from agent.manifests.checks.choice import check_at_most_one, check_one_of, given
from agent.manifests.checks.downward import check_field, check_resource
from agent.manifests.checks.quantities import check_quantities
from agent.manifests.checks.storage import check_claim_spec
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import DownwardFile, KeyToPath, PodSpec, ProjectedVolume, Volume, VolumeProjection

_SOURCES: Final = (
    ("config_map", "configMap"),
    ("secret", "secret"),
    ("downward_api", "downwardAPI"),
    ("projected", "projected"),
    ("empty_dir", "emptyDir"),
    ("host_path", "hostPath"),
    ("nfs", "nfs"),
    ("persistent_volume_claim", "persistentVolumeClaim"),
    ("ephemeral", "ephemeral"),
    ("image", "image"),
)
_REFERENCES: Final = (("field_ref", "fieldRef"), ("resource_field_ref", "resourceFieldRef"))


def check_volumes(spec: PodSpec, containers: Collection[str], at: Steps) -> Findings:
    """Yield what is wrong with the volumes of a pod that has these containers."""
    place = (*at, "volumes")
    yield from check_unique(spec.volumes, place, lambda volume: volume.name, "volume", "name")
    for index, volume in enumerate(spec.volumes):
        yield from _volume(volume, containers, (*place, index))


def _volume(volume: Volume, containers: Collection[str], at: Steps) -> Findings:
    yield from check_at_most_one(given(volume, _SOURCES), at)
    if volume.config_map:
        yield from check_unique(volume.config_map.items, (*at, "configMap", "items"), _path, "path", "path")
    if volume.secret:
        yield from check_unique(volume.secret.items, (*at, "secret", "items"), _path, "path", "path")
    if volume.downward_api:
        place = (*at, "downwardAPI", "items")
        yield from check_unique(volume.downward_api.items, place, _path, "path", "path")
        yield from _downward(volume.downward_api.items, containers, place)
    if volume.projected:
        yield from _projected(volume.projected, containers, (*at, "projected"))
    if volume.empty_dir and volume.empty_dir.size_limit is not None:
        yield from check_quantities({"sizeLimit": volume.empty_dir.size_limit}, (*at, "emptyDir"))
    if volume.ephemeral:
        place = (*at, "ephemeral", "volumeClaimTemplate", "spec")
        yield from check_claim_spec(volume.ephemeral.volume_claim_template.spec, place)


def _path(item: KeyToPath | DownwardFile) -> str:
    return item.path


def _downward(items: Iterable[DownwardFile], containers: Collection[str], at: Steps) -> Findings:
    for index, item in enumerate(items):
        yield from check_one_of(item, _REFERENCES, (*at, index))
        if item.field_ref:
            yield from check_field(item.field_ref, (*at, index, "fieldRef"))
        if item.resource_field_ref:
            place = (*at, index, "resourceFieldRef")
            yield from check_resource(item.resource_field_ref, containers, place, needs_name=True)


def _projected(volume: ProjectedVolume, containers: Collection[str], at: Steps) -> Findings:
    first: dict[str, Steps] = {}
    for index, source in enumerate(volume.sources):
        place = (*at, "sources", index)
        for path, steps in _files(source, place):
            if path in first:
                message = f"path `{path}` is there twice"
                yield Finding(steps, "duplicate", message, also=first[path])
            first.setdefault(path, steps)
        if source.downward_api:
            yield from _downward(source.downward_api.items, containers, (*place, "downwardAPI", "items"))


def _files(source: VolumeProjection, at: Steps) -> Iterator[tuple[str, Steps]]:
    """Yield the paths that a source says by itself: without items they follow from the object's keys."""
    config, secret, downward = source.config_map, source.secret, source.downward_api
    paths = {
        "configMap": [item.path for item in config.items] if config else [],
        "secret": [item.path for item in secret.items] if secret else [],
        "downwardAPI": [item.path for item in downward.items] if downward else [],
    }
    for name, entries in paths.items():
        for index, path in enumerate(entries):
            yield path, (*at, name, "items", index, "path")
