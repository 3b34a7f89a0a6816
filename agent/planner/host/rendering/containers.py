"""One container of a pod in the runtime's terms."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.model.cri import ContainerConfig, EnvValue, Mount, Namespaces
from agent.model.desired import DesiredPod
from agent.model.labels import (
    AGENT,
    CONTAINER_NAME,
    LIFECYCLE,
    NON_ROOT,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    POST_START,
    PROBES,
    ROLE,
    SENSITIVE,
    TERMINATION_MESSAGE,
)
from agent.model.objects.pod import Container, Lifecycle
from agent.model.value import Sensitive, Text, Value, reveal
from agent.planner.host.identity import etc_hosts_path
from agent.planner.host.images import canonical
from agent.planner.host.rendering.environment import environment, expand
from agent.planner.host.rendering.hooks import hook, probes_of
from agent.planner.host.rendering.jsontext import as_json
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.registry import Keyring
from agent.planner.host.rendering.rendered import RenderedContainer, VolumeImage
from agent.planner.host.rendering.resources import linux_resources
from agent.planner.host.rendering.security import container_security, must_not_be_root
from agent.planner.host.rendering.volumes import container_mounts
from agent.planner.restartpolicy import restart_annotations

_HOSTS: Final = "/etc/hosts"


class Around(Value, frozen=True, kw_only=True):
    """What a container is rendered in: its pod, and the host."""

    desired: DesiredPod
    uid: str
    namespaces: Namespaces
    keys: Keyring
    on: Machine


def render_container(container: Container, around: Around, *, place: int | None = None) -> RenderedContainer:
    """Return a container to be; ``place`` is where it stands among the init containers. Raises Refusal."""
    desired, uid, on = around.desired, around.uid, around.on
    env = environment(container, desired, uid, on)
    command = _expanded(container.command, "command", env.values, container)
    args = _expanded(container.args, "args", env.values, container)
    role = _role(container, place)
    probes, lifecycle = probes_of(container), container.lifecycle or Lifecycle()
    post_start, pre_stop = hook(lifecycle.post_start, container), hook(lifecycle.pre_stop, container)
    security = container_security(container, desired.spec, around.namespaces)
    annotations = {
        SENSITIVE: ",".join(_sensitive_places(env.values, command, args)),
        **restart_annotations(container),
        PROBES: as_json(probes),
        LIFECYCLE: as_json(pre_stop),
        POST_START: as_json(post_start),
        ROLE: "" if role == "main" else f"{role}/{place}",
        TERMINATION_MESSAGE: _message(container),
        NON_ROOT: "true" if security.run_as_user is None and must_not_be_root(container, desired.spec) else "",
    }
    config = ContainerConfig(
        name=container.name,
        image=container.image,
        command=command,
        args=args,
        working_dir=container.working_dir,
        envs=tuple(EnvValue(name=name, value=env.values[name]) for name in sorted(env.values)),
        mounts=_mounts(container, around, env.values),
        labels={
            POD_NAME: desired.key.name,
            POD_NAMESPACE: desired.key.namespace,
            POD_UID: uid,
            CONTAINER_NAME: container.name,
            AGENT: on.agent,
        },
        annotations={name: text for name, text in annotations.items() if text or name == SENSITIVE},
        stdin=container.stdin,
        stdin_once=container.stdin_once,
        tty=container.tty,
        stop_signal=lifecycle.stop_signal or "",
        resources=linux_resources(container, desired.spec, on),
        security=security,
    )
    return RenderedContainer(
        config=config,
        pull=container.image_pull_policy or "IfNotPresent",
        sources=env.sources,
        role=role,
        auths=around.keys.matching(container.image),
        mounted_images=_mounted_images(container, around),
        probes=probes,
        post_start=post_start,
        pre_stop=pre_stop,
    )


def _role(container: Container, place: int | None) -> Literal["main", "init", "sidecar"]:
    if place is None:
        return "main"
    return "sidecar" if container.restart_policy == "Always" else "init"


def _message(container: Container) -> str:
    path = container.termination_message_path
    return f"{path} {container.termination_message_policy}" if path else ""


def _expanded(written: tuple[str, ...], field: str, env: Mapping[str, Text], container: Container) -> tuple[Text, ...]:
    if any("\0" in part for part in written):
        raise Refusal(f"{field} of container {container.name} holds a NUL byte, which no process can be given")
    return tuple(expand(part, env) for part in written)


def _mounts(container: Container, around: Around, env: Mapping[str, Text]) -> tuple[Mount, ...]:
    """Return what a container mounts: its volumes, and the pod's hosts file unless it brings its own."""
    mounts = container_mounts(container, around.desired, around.uid, env, around.on)
    spec = around.desired.spec
    of_host = spec.host_network and not spec.host_aliases
    if of_host or any(mount.container_path == _HOSTS for mount in mounts):
        return mounts
    return tuple(sorted((*mounts, Mount(container_path=_HOSTS, host_path=etc_hosts_path(around.uid)))))


def _mounted_images(container: Container, around: Around) -> tuple[VolumeImage, ...]:
    images = {volume.name: volume.image for volume in around.desired.spec.volumes if volume.image is not None}
    return tuple(
        VolumeImage(
            image=image.reference,
            pull=image.pull_policy or ("Always" if canonical(image.reference).endswith(":latest") else "IfNotPresent"),
            auths=around.keys.matching(image.reference),
        )
        for mount in container.volume_mounts
        if (image := images.get(mount.name)) is not None
    )


def asks_for_addresses(container: RenderedContainer) -> bool:
    """Tell whether marks stand in a container's texts."""
    config = container.config
    texts = (*config.command, *config.args, *(env.value for env in config.envs))
    return any("\0" in reveal(text) for text in texts)


def _sensitive_places(env: Mapping[str, Text], command: tuple[Text, ...], args: tuple[Text, ...]) -> list[str]:
    """Return where a Secret's content went, in the words of the SENSITIVE annotation."""
    return [
        *(f"env:{name}" for name in sorted(env) if isinstance(env[name], Sensitive)),
        *(f"command:{number}" for number, text in enumerate(command) if isinstance(text, Sensitive)),
        *(f"args:{number}" for number, text in enumerate(args) if isinstance(text, Sensitive)),
    ]
