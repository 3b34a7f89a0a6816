"""Desired pods in the runtime's terms: what a pod would be made from on this host, down to every file and variable."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec.structs import replace

from agent.model.cgroup import PodCgroup
from agent.model.cri import (
    ContainerConfig,
    ContainerSecurity,
    EnvValue,
    Namespaces,
    PortMapping,
    SandboxConfig,
)
from agent.model.desired import DesiredPod
from agent.model.etc_hosts import HostsEntry
from agent.model.files import Folder, MountedFilesystem, OwnedVolume
from agent.model.labels import (
    AGENT,
    CONTAINER_NAME,
    GRACE_PERIOD,
    OWNER,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    RESTART_POLICY,
    SENSITIVE,
)
from agent.model.objects.meta import ConfigKey, PodKey
from agent.model.objects.pod import Container, LifecycleHandler, PodSpec, RestartPolicy, SecurityContext
from agent.model.probing import Probes
from agent.model.registry import RegistryAuth
from agent.model.value import Sensitive, Text, Value
from agent.planner.gates import gate_annotations
from agent.planner.host import identity
from agent.planner.host.environment import environment, expand
from agent.planner.host.machine import Machine
from agent.planner.host.refusal import Refusal
from agent.planner.host.resources import linux_resources
from agent.planner.host.volumes import (
    ProjectedVolume,
    container_mounts,
    mounted_filesystems,
    owned_volumes,
    project_volume,
    volume_folders,
)
from agent.planner.memo import remembered
from agent.planner.restartpolicy import restart_annotations

_CGROUP_PARENTS: Final = {"cgroupfs": "/trimtab", "systemd": "trimtab.slice"}
_MASKED: Final = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
_READ_ONLY: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


class RenderedContainer(Value, frozen=True, kw_only=True):
    """A container to be. ``config`` is of attempt 0 and without revision; ``sources`` as in ``Environment``."""

    config: ContainerConfig
    pull: Literal["Always", "IfNotPresent", "Never"]
    folders: tuple[Folder, ...] = ()
    """Folders that it needs each time it starts."""
    sources: Mapping[str, tuple[ConfigKey, str]] = {}
    role: Literal["main", "init", "sidecar"] = "main"
    auths: tuple[RegistryAuth, ...] = ()
    """Credentials of the pod's imagePullSecrets that match the image."""
    non_root: bool = False
    """It must not run as root: once the image is on the host, ask ``non_root_refusal``."""
    probes: Probes | None = None
    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None


class RenderedPod(Value, frozen=True, kw_only=True):
    """A pod to be, or the reason (``refused``) why it cannot be: then there are no containers."""

    key: PodKey
    uid: str
    sandbox: SandboxConfig
    grace_period: int
    restart_policy: RestartPolicy
    init: tuple[RenderedContainer, ...] = ()
    """Init containers in their order, sidecars among them: ``role`` tells which is which."""
    containers: tuple[RenderedContainer, ...] = ()
    folders: tuple[Folder, ...] = ()
    volumes: tuple[ProjectedVolume, ...] = ()
    mounts: tuple[MountedFilesystem, ...] = ()
    owned: tuple[OwnedVolume, ...] = ()
    etc_hosts: HostsEntry | None = None
    """What its /etc/hosts says; None in the host's network, where the host's own is seen."""
    cgroup: PodCgroup | None = None
    """Its own cgroup, where it asks for anything: None needs no step."""
    refused: str = ""


@remembered
def render_pod(desired: DesiredPod, on: Machine) -> RenderedPod:
    """Return what a pod is made from on a host. Never raises for what a user wrote: see ``RenderedPod.refused``."""
    spec = desired.spec
    draft = _sandbox(desired, on)
    uid = identity.pod_uid(on.agent, desired.key, identity.incarnation(spec, draft))
    pod = RenderedPod(
        key=desired.key,
        uid=uid,
        sandbox=_identified(draft, desired, uid),
        grace_period=spec.termination_grace_period_seconds,
        restart_policy=spec.restart_policy,
    )
    try:
        return replace(
            pod,
            containers=tuple(_container(container, desired, uid, on) for container in spec.containers),
            folders=_folders(desired, uid, on),
            volumes=tuple(
                projected
                for volume in spec.volumes
                if (projected := project_volume(volume, desired, uid, on)) is not None
            ),
            mounts=mounted_filesystems(desired, uid),
            owned=owned_volumes(desired, uid),
        )
    except Refusal as refusal:
        return replace(pod, refused=str(refusal))


def _folders(desired: DesiredPod, uid: str, on: Machine) -> tuple[Folder, ...]:
    """Return all folders of a pod; what must be there already is looked for before any is made in vain."""
    own = (Folder(path=identity.log_directory(desired.key, uid)), Folder(path=identity.pod_folder(uid)))
    folders = (*own, *volume_folders(desired, uid, on))
    return tuple(sorted(folders, key=lambda folder: not folder.must_exist))


def _sandbox(desired: DesiredPod, on: Machine) -> SandboxConfig:
    """Return the sandbox without what depends on the uid."""
    spec = desired.spec
    hostname = (spec.hostname or desired.key.name)[:63].rstrip("-.")
    return SandboxConfig(
        name=desired.key.name,
        namespace=desired.key.namespace,
        uid="",
        hostname="" if spec.host_network else hostname,
        port_mappings=tuple(
            sorted(
                PortMapping(
                    container_port=port.container_port,
                    host_port=port.host_port,
                    protocol=port.protocol,
                    host_ip=port.host_ip,
                )
                for container in spec.containers
                for port in container.ports
                if port.host_port
            )
        ),
        cgroup_parent=_CGROUP_PARENTS[on.cgroup_driver],
        namespaces=Namespaces(network="host" if spec.host_network else "pod"),
        privileged=any(c.security_context is not None and c.security_context.privileged for c in spec.containers),
        labels={**desired.labels, AGENT: on.agent},
    )


def _identified(draft: SandboxConfig, desired: DesiredPod, uid: str) -> SandboxConfig:
    key = desired.key
    return replace(
        draft,
        uid=uid,
        log_directory=identity.log_directory(key, uid),
        labels={**draft.labels, POD_NAME: key.name, POD_NAMESPACE: key.namespace, POD_UID: uid},
        annotations={
            **desired.annotations,
            OWNER: f"{desired.owner.kind}/{desired.owner.namespace}/{desired.owner.name}",
            GRACE_PERIOD: str(desired.spec.termination_grace_period_seconds),
            RESTART_POLICY: desired.spec.restart_policy,
            **gate_annotations(desired.spec),
        },
    )


def _container(container: Container, desired: DesiredPod, uid: str, on: Machine) -> RenderedContainer:
    env = environment(container, desired, uid, on)
    command = tuple(expand(part, env.values) for part in container.command)
    args = tuple(expand(part, env.values) for part in container.args)
    secret_places = _sensitive_places(env.values, command, args)
    config = ContainerConfig(
        name=container.name,
        image=container.image,
        command=command,
        args=args,
        working_dir=container.working_dir,
        envs=tuple(EnvValue(name=name, value=env.values[name]) for name in sorted(env.values)),
        mounts=container_mounts(container, desired, uid, env.values, on),
        labels={
            POD_NAME: desired.key.name,
            POD_NAMESPACE: desired.key.namespace,
            POD_UID: uid,
            CONTAINER_NAME: container.name,
            AGENT: on.agent,
        },
        annotations={SENSITIVE: ",".join(secret_places), **restart_annotations(container)},
        stdin=container.stdin,
        tty=container.tty,
        resources=linux_resources(container, desired.spec, on.memory_bytes),
        security=_security(container.security_context or SecurityContext(), desired.spec),
    )
    return RenderedContainer(
        config=config,
        pull=container.image_pull_policy or "IfNotPresent",
        sources=env.sources,
    )


def _sensitive_places(env: Mapping[str, Text], command: tuple[Text, ...], args: tuple[Text, ...]) -> list[str]:
    """Return where a Secret's content went, in the words of the SENSITIVE annotation."""
    return [
        *(f"env:{name}" for name in sorted(env) if isinstance(env[name], Sensitive)),
        *(f"command:{number}" for number, text in enumerate(command) if isinstance(text, Sensitive)),
        *(f"args:{number}" for number, text in enumerate(args) if isinstance(text, Sensitive)),
    ]


def _security(context: SecurityContext, spec: PodSpec) -> ContainerSecurity:
    capabilities = context.capabilities
    return ContainerSecurity(
        privileged=context.privileged,
        readonly_rootfs=context.read_only_root_filesystem,
        run_as_user=context.run_as_user,
        run_as_group=context.run_as_group,
        no_new_privs=context.allow_privilege_escalation is False,
        add_capabilities=capabilities.add if capabilities else (),
        drop_capabilities=capabilities.drop if capabilities else (),
        namespaces=Namespaces(network="host" if spec.host_network else "pod"),
        masked_paths=() if context.privileged else _MASKED,
        readonly_paths=() if context.privileged else _READ_ONLY,
    )
