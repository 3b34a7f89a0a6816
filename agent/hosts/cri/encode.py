"""Configuration as trimtab plans it, in the runtime's own messages."""

from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model.cri import ContainerConfig, ContainerSecurity, LinuxResources, SandboxConfig
from agent.model.value import reveal

_UNCONFINED = pb.SecurityProfile(profile_type=pb.SecurityProfile.Unconfined)
_RUNTIME_DEFAULT = pb.SecurityProfile(profile_type=pb.SecurityProfile.RuntimeDefault)


def encode_sandbox(config: SandboxConfig) -> pb.PodSandboxConfig:
    """Return what RunPodSandbox and CreateContainer take."""
    return pb.PodSandboxConfig(
        metadata=pb.PodSandboxMetadata(
            name=config.name, uid=config.uid, namespace=config.namespace, attempt=config.attempt
        ),
        hostname=config.hostname,
        log_directory=config.log_directory,
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
            security_context=pb.LinuxSandboxSecurityContext(
                namespace_options=_namespaces(host_network=config.host_network),
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
        mounts=[
            pb.Mount(container_path=mount.container_path, host_path=mount.host_path, readonly=mount.readonly)
            for mount in config.mounts
        ],
        labels=config.labels,
        annotations=config.annotations,
        log_path=config.log_path,
        stdin=config.stdin,
        tty=config.tty,
        linux=pb.LinuxContainerConfig(
            resources=encode_resources(config.resources),
            security_context=_security(config.security),
        ),
    )


def encode_resources(resources: LinuxResources) -> pb.LinuxContainerResources:
    """Return what CreateContainer and UpdateContainerResources take."""
    return pb.LinuxContainerResources(
        cpu_period=resources.cpu_period,
        cpu_quota=resources.cpu_quota,
        cpu_shares=resources.cpu_shares,
        memory_limit_in_bytes=resources.memory_limit_in_bytes,
        oom_score_adj=resources.oom_score_adj,
        hugepage_limits=[
            pb.HugepageLimit(page_size=pages.page_size, limit=pages.limit) for pages in resources.hugepage_limits
        ],
        unified=resources.unified,
    )


def _security(security: ContainerSecurity) -> pb.LinuxContainerSecurityContext:
    return pb.LinuxContainerSecurityContext(
        capabilities=pb.Capability(
            add_capabilities=security.add_capabilities, drop_capabilities=security.drop_capabilities
        ),
        privileged=security.privileged,
        namespace_options=_namespaces(host_network=security.namespaces.network == "host"),
        run_as_user=None if security.run_as_user is None else pb.Int64Value(value=security.run_as_user),
        run_as_group=None if security.run_as_group is None else pb.Int64Value(value=security.run_as_group),
        readonly_rootfs=security.readonly_rootfs,
        no_new_privs=security.no_new_privs,
        masked_paths=security.masked_paths,
        readonly_paths=security.readonly_paths,
        # Kubernetes' default. Left out, the host's configuration would decide.
        seccomp=_UNCONFINED,
    )


def _namespaces(*, host_network: bool) -> pb.NamespaceOption:
    """Name every namespace: protobuf's zero would share process ids within the pod, which Kubernetes does not."""
    return pb.NamespaceOption(network=pb.NODE if host_network else pb.POD, pid=pb.CONTAINER, ipc=pb.POD)
