"""What the API server fills in: what a manifest leaves out, made explicit, so that planners see one shape."""

from typing import Final, Literal, TypeVar

from msgspec.structs import replace

from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.deployment import Deployment, DeploymentSpec, RollingUpdate
from agent.model.objects.fleet import AnyObject
from agent.model.objects.pod import Container, ContainerPort, EmptyDirVolume, Pod, PodSpec, Volume

DEFAULT_NAMESPACE: Final = "default"
Namespaced = TypeVar("Namespaced", Pod, Deployment, ConfigMap, Secret, PersistentVolumeClaim)


def with_defaults(body: AnyObject) -> AnyObject:
    """Return an object with Kubernetes' defaults applied (``SetDefaults_*`` of its core and apps groups)."""
    match body:
        case Pod():
            return replace(_namespaced(body), spec=_pod_spec(body.spec))
        case Deployment():
            return replace(_namespaced(body), spec=_deployment_spec(body.spec))
        case ConfigMap():
            return _namespaced(body)
        case Secret():
            return _namespaced(body)
        case PersistentVolumeClaim():
            return _namespaced(body)
        case _:
            return body


def _namespaced(body: Namespaced) -> Namespaced:
    if body.metadata.namespace:
        return body
    return replace(body, metadata=replace(body.metadata, namespace=DEFAULT_NAMESPACE))


def _deployment_spec(spec: DeploymentSpec) -> DeploymentSpec:
    strategy = spec.strategy
    if strategy.type == "RollingUpdate" and strategy.rolling_update is None:
        strategy = replace(strategy, rolling_update=RollingUpdate())
    return replace(spec, strategy=strategy, template=replace(spec.template, spec=_pod_spec(spec.template.spec)))


def _pod_spec(spec: PodSpec) -> PodSpec:
    return replace(
        spec,
        init_containers=tuple(
            _container(container, host_network=spec.host_network) for container in spec.init_containers
        ),
        containers=tuple(_container(container, host_network=spec.host_network) for container in spec.containers),
        volumes=tuple(_volume(volume) for volume in spec.volumes),
    )


def _container(container: Container, *, host_network: bool) -> Container:
    resources = container.resources
    if resources.limits:
        resources = replace(resources, requests={**resources.limits, **resources.requests})
    ports = tuple(_host_port(port) for port in container.ports) if host_network else container.ports
    policy = container.image_pull_policy or _pull_policy(container.image)
    return replace(container, resources=resources, ports=ports, image_pull_policy=policy)


def _host_port(port: ContainerPort) -> ContainerPort:
    return port if port.host_port else replace(port, host_port=port.container_port)


def _pull_policy(image: str) -> Literal["Always", "IfNotPresent"]:
    return "Always" if _tag(image) == "latest" else "IfNotPresent"


def _tag(image: str) -> str:
    """Return an image's tag: ``latest`` without one, empty where only a digest says which."""
    name, _, digest = image.partition("@")
    _, _, tag = name.rpartition("/")[2].partition(":")
    return tag or ("" if digest else "latest")


def _volume(volume: Volume) -> Volume:
    if volume.image is not None and volume.image.pull_policy is None:
        return replace(volume, image=replace(volume.image, pull_policy=_pull_policy(volume.image.reference)))
    given = (getattr(volume, field) for field in Volume.__struct_fields__ if field != "name")
    return volume if any(source is not None for source in given) else replace(volume, empty_dir=EmptyDirVolume())
