"""Which other objects an object needs."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from agent.manifests.finding import Steps
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.pod import Container, Pod, PodSpec, Volume

ReferredKind = Literal["ConfigMap", "Secret", "Namespace", "Host"]


class Needed(NamedTuple):
    """Another object, or one key of it, and the path that names it. ``key`` is empty for the whole object."""

    kind: ReferredKind
    name: str
    key: str
    steps: Steps


def references(body: AnyObject) -> Iterator[Needed]:
    """Yield what must be there for an object to work; what is ``optional`` need not."""
    if body.metadata.namespace:
        yield Needed("Namespace", body.metadata.namespace, "", ("metadata", "namespace"))
    found = pod_spec_of(body)
    if found is not None:
        yield from _of_pod(*found)


def pod_spec_of(body: AnyObject) -> tuple[PodSpec, Steps] | None:
    """Return the spec of the pods that an object makes, and its path; None for an object that makes none."""
    match body:
        case Pod():
            return body.spec, ("spec",)
        case Deployment():
            return body.spec.template.spec, ("spec", "template", "spec")
        case _:
            return None


def _of_pod(spec: PodSpec, at: Steps) -> Iterator[Needed]:
    if spec.node_name:
        yield Needed("Host", spec.node_name, "", (*at, "nodeName"))
    for index, container in enumerate(spec.containers):
        yield from _of_container(container, (*at, "containers", index))
    for index, volume in enumerate(spec.volumes):
        yield from _of_volume(volume, (*at, "volumes", index))


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
        yield Needed("ConfigMap", config.name, "", (*at, "configMap"))
        for index, item in enumerate(config.items):
            yield Needed("ConfigMap", config.name, item.key, (*at, "configMap", "items", index))
    if secret and not secret.optional:
        yield Needed("Secret", secret.secret_name, "", (*at, "secret"))
        for index, item in enumerate(secret.items):
            yield Needed("Secret", secret.secret_name, item.key, (*at, "secret", "items", index))
