"""Configuration as trimtab plans it, in the runtime's own messages."""

from typing import Final

from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model.cri import (
    ContainerConfig,
    ContainerSecurity,
    LinuxResources,
    Mount,
    Namespaces,
    Profile,
    SandboxConfig,
    SelinuxLabel,
)
from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.model.value import reveal

_RUNTIME_DEFAULT: Final = pb.SecurityProfile(profile_type=pb.SecurityProfile.RuntimeDefault)
_PROFILES: Final = {
    "runtime-default": pb.SecurityProfile.RuntimeDefault,
    "unconfined": pb.SecurityProfile.Unconfined,
    "localhost": pb.SecurityProfile.Localhost,
}
_PROPAGATION: Final = {
    "private": pb.PROPAGATION_PRIVATE,
    "host-to-container": pb.PROPAGATION_HOST_TO_CONTAINER,
    "bidirectional": pb.PROPAGATION_BIDIRECTIONAL,
}
_MODES: Final = {"pod": pb.POD, "container": pb.CONTAINER, "host": pb.NODE}
_OUR_FOLDERS: Final = (f"{PODS_DIR}/", f"{SECRETS_DIR}/")


def encode_sandbox(config: SandboxConfig) -> pb.PodSandboxConfig:
    """Return what RunPodSandbox and CreateContainer take. The runtime handler is not part of it."""
    return pb.PodSandboxConfig(
        metadata=pb.PodSandboxMetadata(
            name=config.name, uid=config.uid, namespace=config.namespace, attempt=config.attempt
        ),
        hostname=config.hostname,
        log_directory=config.log_directory,
        dns_config=None
        if config.dns is None
        else pb.DNSConfig(servers=config.dns.servers, searches=config.dns.searches, options=config.dns.options),
        port_mappings=[
            pb.PortMapping(
                protocol=port.protocol,
                container_port=port.container_port,
                host_port=port.host_port,
                host_ip=port.host_ip,
            )
            for port in config.port_mappings
        ],
        labels=config.labels,
        annotations=config.annotations,
        linux=pb.LinuxPodSandboxConfig(
            cgroup_parent=config.cgroup_parent,
            sysctls=config.sysctls,
            security_context=pb.LinuxSandboxSecurityContext(
                namespace_options=_namespaces(config.namespaces),
                selinux_options=_selinux(config.selinux),
                run_as_user=_wrapped(config.run_as_user),
                run_as_group=_wrapped(config.run_as_group),
                supplemental_groups=config.supplemental_groups,
                privileged=config.privileged,
                seccomp=_RUNTIME_DEFAULT,
            ),
        ),
    )


def encode_container(config: ContainerConfig) -> pb.ContainerConfig:
    """Return what CreateContainer takes. Here, and only here, texts from Secrets are revealed."""
    return pb.ContainerConfig(
        metadata=pb.ContainerMetadata(name=config.name, attempt=config.attempt),
        image=pb.ImageSpec(image=config.image),
        command=[reveal(text) for text in config.command],
        args=[reveal(text) for text in config.args],
        working_dir=config.working_dir,
        envs=[pb.KeyValue(key=env.name, value=reveal(env.value)) for env in config.envs],
        mounts=[_mount(mount, _mapping(config.security.namespaces)) for mount in config.mounts],
        labels=config.labels,
        annotations=config.annotations,
        log_path=config.log_path,
        stdin=config.stdin,
        stdin_once=config.stdin_once,
        tty=config.tty,
        stop_signal=config.stop_signal or "RUNTIME_DEFAULT",
        linux=pb.LinuxContainerConfig(
            resources=encode_resources(config.resources), security_context=_security(config.security)
        ),
    )


def encode_resources(resources: LinuxResources) -> pb.LinuxContainerResources:
    """Return what CreateContainer and UpdateContainerResources take; to the latter 0 means "as it was"."""
    return pb.LinuxContainerResources(
        cpu_period=resources.cpu_period,
        cpu_quota=resources.cpu_quota,
        cpu_shares=resources.cpu_shares,
        memory_limit_in_bytes=resources.memory_limit_in_bytes,
        oom_score_adj=resources.oom_score_adj,
        hugepage_limits=[
            pb.HugepageLimit(page_size=one.page_size, limit=one.limit) for one in resources.hugepage_limits
        ],
        unified=resources.unified,
    )


def _mount(mount: Mount, mapping: list[pb.IDMapping]) -> pb.Mount:
    return pb.Mount(
        container_path=mount.container_path,
        host_path="" if mount.image else mount.host_path,
        readonly=mount.readonly,
        propagation=_PROPAGATION[mount.propagation],
        recursive_read_only=mount.recursive_read_only,
        image=pb.ImageSpec(image=mount.image) if mount.image else None,
        # Without SELinux on the host this says nothing. With it, only what is the pod's own is given the pod's label.
        selinux_relabel=mount.host_path.startswith(_OUR_FOLDERS),
        # containerd maps the layers of an image by itself; what is made of them cannot be mapped a second time.
        uidMappings=[] if mount.image else mapping,
        gidMappings=[] if mount.image else mapping,
    )


def _security(security: ContainerSecurity) -> pb.LinuxContainerSecurityContext:
    return pb.LinuxContainerSecurityContext(
        capabilities=pb.Capability(
            add_capabilities=security.add_capabilities, drop_capabilities=security.drop_capabilities
        ),
        privileged=security.privileged,
        namespace_options=_namespaces(security.namespaces),
        selinux_options=_selinux(security.selinux),
        run_as_user=_wrapped(security.run_as_user),
        run_as_group=_wrapped(security.run_as_group),
        run_as_username=security.run_as_username,
        readonly_rootfs=security.readonly_rootfs,
        supplemental_groups=security.supplemental_groups,
        supplemental_groups_policy=pb.Strict if security.supplemental_groups_policy == "strict" else pb.Merge,
        no_new_privs=security.no_new_privs,
        masked_paths=security.masked_paths,
        readonly_paths=security.readonly_paths,
        seccomp=_profile(security.seccomp),
        apparmor=None if security.apparmor is None else _profile(security.apparmor),
    )


def _profile(profile: Profile) -> pb.SecurityProfile:
    return pb.SecurityProfile(profile_type=_PROFILES[profile.type], localhost_ref=profile.localhost)


def _selinux(label: SelinuxLabel | None) -> pb.SELinuxOption | None:
    if label is None:
        return None
    return pb.SELinuxOption(user=label.user, role=label.role, type=label.type, level=label.level)


def _wrapped(number: int | None) -> pb.Int64Value | None:
    return None if number is None else pb.Int64Value(value=number)


def _namespaces(namespaces: Namespaces) -> pb.NamespaceOption:
    """Name every namespace: protobuf's zero would share process ids within the pod, which Kubernetes does not."""
    mapping = _mapping(namespaces)
    return pb.NamespaceOption(
        network=_MODES[namespaces.network],
        pid=_MODES[namespaces.pid],
        ipc=_MODES[namespaces.ipc],
        userns_options=pb.UserNamespace(mode=pb.POD, uids=mapping, gids=mapping) if mapping else None,
    )


def _mapping(namespaces: Namespaces) -> list[pb.IDMapping]:
    if namespaces.users == "host" or namespaces.user_mapping is None:
        return []
    first, count = namespaces.user_mapping
    return [pb.IDMapping(host_id=first, container_id=0, length=count)]
