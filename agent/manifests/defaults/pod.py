"""What the API server fills into pods and their templates."""

from typing import Final, Literal

from msgspec.structs import replace

from agent.manifests.requests import total_requests
from agent.model.objects.pod import (
    Container,
    ContainerPort,
    EmptyDirVolume,
    HttpGetAction,
    Lifecycle,
    LifecycleHandler,
    PodSpec,
    PodTemplate,
    Probe,
    ResourceRequirements,
    Volume,
)

_SERVICE_ACCOUNT: Final = "default"
_MESSAGE_PATH: Final = "/dev/termination-log"
_PROBE: Final = Probe()


def default_template(template: PodTemplate) -> PodTemplate:
    """Return a template with the defaults of its pods."""
    return replace(template, spec=default_pod(template.spec))


def default_pod(spec: PodSpec) -> PodSpec:
    """Return a pod's spec with what a manifest leaves out (``SetDefaults_PodSpec`` and those of its parts)."""
    network = spec.host_network
    spec = replace(
        spec,
        init_containers=tuple(_container(container, host_network=network) for container in spec.init_containers),
        containers=tuple(_container(container, host_network=network) for container in spec.containers),
        volumes=tuple(_volume(volume) for volume in spec.volumes),
        service_account_name=_service_account(spec),
    )
    return replace(spec, resources=_pod_resources(spec)) if spec.resources else spec


def _service_account(spec: PodSpec) -> str:
    """Return the name that pods get from an admission plugin there, and that fieldRef shows; its old name is second."""
    named = spec.service_account_name not in ("", _SERVICE_ACCOUNT)
    return spec.service_account_name if named else spec.service_account or _SERVICE_ACCOUNT


def _pod_resources(spec: PodSpec) -> ResourceRequirements | None:
    """Return what the pod as a whole may use; it asks for what its containers ask for, or else for its limits."""
    if spec.resources is None or not spec.resources.limits:
        return spec.resources
    asked = total_requests(spec)
    amounts = {
        name: format(asked[name], "f") if name in asked else most for name, most in spec.resources.limits.items()
    }
    return replace(spec.resources, requests={**amounts, **spec.resources.requests})


def _container(container: Container, *, host_network: bool) -> Container:
    resources = container.resources
    if resources.limits:
        resources = replace(resources, requests={**resources.limits, **resources.requests})
    return replace(
        container,
        resources=resources,
        ports=tuple(_host_port(port) for port in container.ports) if host_network else container.ports,
        image_pull_policy=container.image_pull_policy or _pull_policy(container.image),
        termination_message_path=container.termination_message_path or _MESSAGE_PATH,
        liveness_probe=_probe(container.liveness_probe),
        readiness_probe=_probe(container.readiness_probe),
        startup_probe=_probe(container.startup_probe),
        lifecycle=_lifecycle(container.lifecycle),
    )


def _probe(probe: Probe | None) -> Probe | None:
    """Return a probe where 0, which no probe can mean, is the default."""
    if probe is None:
        return None
    return replace(
        probe,
        timeout_seconds=probe.timeout_seconds or _PROBE.timeout_seconds,
        period_seconds=probe.period_seconds or _PROBE.period_seconds,
        success_threshold=probe.success_threshold or _PROBE.success_threshold,
        failure_threshold=probe.failure_threshold or _PROBE.failure_threshold,
        http_get=_http_get(probe.http_get),
    )


def _lifecycle(lifecycle: Lifecycle | None) -> Lifecycle | None:
    if lifecycle is None:
        return None
    return replace(lifecycle, post_start=_hook(lifecycle.post_start), pre_stop=_hook(lifecycle.pre_stop))


def _hook(handler: LifecycleHandler | None) -> LifecycleHandler | None:
    return handler and replace(handler, http_get=_http_get(handler.http_get))


def _http_get(action: HttpGetAction | None) -> HttpGetAction | None:
    return replace(action, path="/") if action is not None and not action.path else action


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
