"""Which other objects an object needs."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from agent.manifests.claims import claims_of
from agent.manifests.finding import Steps
from agent.manifests.templates import pod_spec_of
from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.claim import PersistentVolumeClaimSpec
from agent.model.objects.fleet import AnyObject
from agent.model.objects.pod import Container, KeyToPath, PodSpec, ProjectedVolume, Volume

ReferredKind = Literal[
    "ConfigMap",
    "Secret",
    "Namespace",
    "Host",
    "RuntimeClass",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "PriorityClass",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
]

_TO_PULL_WITH: Final = "declare it in the same namespace: without it the image would not be pulled"


class Needed(NamedTuple):
    """Another object, or one key of it, and the path that names it. ``key`` is empty for the whole object.

    ``hint`` says what to do when it is not there, where that is not the same for every reference to the kind.
    """

    kind: ReferredKind
    name: str
    key: str
    steps: Steps
    hint: str = ""


def references(body: AnyObject) -> Iterator[Needed]:
    """Yield what must be there for an object to work; what is ``optional`` need not."""
    if body.metadata.namespace:
        yield Needed("Namespace", body.metadata.namespace, "", ("metadata", "namespace"))
    for claim, steps in claims_of(body):
        yield from _of_claim(claim, steps)
    if isinstance(body, HorizontalPodAutoscaler):
        target = body.spec.scale_target_ref
        yield Needed(target.kind, target.name, "", ("spec", "scaleTargetRef", "name"))
    found = pod_spec_of(body)
    if found is not None:
        yield from _of_pod(*found)


def _of_pod(spec: PodSpec, at: Steps) -> Iterator[Needed]:
    if spec.node_name:
        yield Needed("Host", spec.node_name, "", (*at, "nodeName"))
    if spec.runtime_class_name is not None:
        yield Needed("RuntimeClass", spec.runtime_class_name, "", (*at, "runtimeClassName"))
    if spec.priority_class_name is not None:
        yield Needed("PriorityClass", spec.priority_class_name, "", (*at, "priorityClassName"))
    for index, secret in enumerate(spec.image_pull_secrets):
        yield Needed("Secret", secret.name, "", (*at, "imagePullSecrets", index), _TO_PULL_WITH)
    for index, container in enumerate(spec.init_containers):
        yield from _of_container(container, (*at, "initContainers", index))
    for index, container in enumerate(spec.containers):
        yield from _of_container(container, (*at, "containers", index))
    for index, volume in enumerate(spec.volumes):
        yield from _of_volume(volume, (*at, "volumes", index))


def _of_claim(spec: PersistentVolumeClaimSpec, at: Steps) -> Iterator[Needed]:
    if spec.storage_class_name:
        yield Needed("StorageClass", spec.storage_class_name, "", (*at, "storageClassName"))
    if spec.volume_name:
        yield Needed("PersistentVolume", spec.volume_name, "", (*at, "volumeName"))


def _of_container(container: Container, at: Steps) -> Iterator[Needed]:
    for index, variable in enumerate(container.env):
        source, place = variable.value_from, (*at, "env", index, "valueFrom")
        config = source.config_map_key_ref if source else None
        secret = source.secret_key_ref if source else None
        if config and not config.optional:
            yield Needed("ConfigMap", config.name, config.key, (*place, "configMapKeyRef"))
        if secret and not secret.optional:
            yield Needed("Secret", secret.name, secret.key, (*place, "secretKeyRef"))
    for index, whole in enumerate(container.env_from):
        if whole.config_map_ref and not whole.config_map_ref.optional:
            yield Needed("ConfigMap", whole.config_map_ref.name, "", (*at, "envFrom", index, "configMapRef"))
        if whole.secret_ref and not whole.secret_ref.optional:
            yield Needed("Secret", whole.secret_ref.name, "", (*at, "envFrom", index, "secretRef"))


def _of_volume(volume: Volume, at: Steps) -> Iterator[Needed]:
    config, secret = volume.config_map, volume.secret
    if config and not config.optional:
        yield from _with_keys("ConfigMap", config.name, config.items, (*at, "configMap"))
    if secret and not secret.optional:
        yield from _with_keys("Secret", secret.secret_name, secret.items, (*at, "secret"))
    if volume.projected:
        yield from _of_projected(volume.projected, (*at, "projected", "sources"))
    if volume.persistent_volume_claim:
        name = volume.persistent_volume_claim.claim_name
        yield Needed("PersistentVolumeClaim", name, "", (*at, "persistentVolumeClaim", "claimName"))


def _of_projected(volume: ProjectedVolume, at: Steps) -> Iterator[Needed]:
    for index, source in enumerate(volume.sources):
        if source.config_map and not source.config_map.optional:
            yield from _with_keys(
                "ConfigMap", source.config_map.name, source.config_map.items, (*at, index, "configMap")
            )
        if source.secret and not source.secret.optional:
            yield from _with_keys("Secret", source.secret.name, source.secret.items, (*at, index, "secret"))


def _with_keys(kind: ReferredKind, name: str, items: Iterable[KeyToPath], at: Steps) -> Iterator[Needed]:
    yield Needed(kind, name, "", at)
    for index, item in enumerate(items):
        yield Needed(kind, name, item.key, (*at, "items", index))
