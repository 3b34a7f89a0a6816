"""Desired pods in the runtime's terms: what a pod would be made from on this host, down to every file and variable."""

from collections.abc import Sequence

from msgspec.structs import replace

from agent.model.cri import Namespaces, PortMapping, SandboxConfig
from agent.model.desired import DesiredPod
from agent.model.files import Folder
from agent.model.labels import AGENT, GRACE_PERIOD, OWNER, POD_NAME, POD_NAMESPACE, POD_UID, RESTART_POLICY
from agent.model.objects.pod import PodSpec
from agent.model.podip import with_ips
from agent.model.qos import qos_class
from agent.planner.gates import gate_annotations
from agent.planner.host import identity
from agent.planner.host.rendering.containers import Around, asks_for_addresses, render_container
from agent.planner.host.rendering.dns import pod_dns
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.naming import hostname, hosts_entry
from agent.planner.host.rendering.podcgroup import cgroup_parent, pod_cgroup
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.registry import keyring
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod
from agent.planner.host.rendering.security import selinux_label, supplemental_groups
from agent.planner.host.rendering.support import refuse_unsupported
from agent.planner.host.rendering.sysctls import pod_sysctls
from agent.planner.host.rendering.volumes import mounted_filesystems, owned_volumes, project_volume, volume_folders
from agent.planner.memo import remembered


def render_pod(desired: DesiredPod, on: Machine, ips: Sequence[str] = ()) -> RenderedPod:
    """Return what a pod is made from on a host. Never raises for what a user wrote: see ``RenderedPod.refused``.

    ``ips`` are the addresses of its live sandbox, if it has one.
    """
    pod = _render(desired, on)
    return _addressed(pod, tuple(ips)) if ips and pod.addressed else pod


@remembered
def _addressed(pod: RenderedPod, ips: tuple[str, ...]) -> RenderedPod:
    def told(containers: tuple[RenderedContainer, ...]) -> tuple[RenderedContainer, ...]:
        return tuple(replace(one, config=with_ips(one.config, ips)) for one in containers)

    return replace(pod, init=told(pod.init), containers=told(pod.containers))


@remembered
def _render(desired: DesiredPod, on: Machine) -> RenderedPod:
    spec, on = desired.spec, on.under(desired.runtime)
    draft = _sandbox(desired, on)
    uid = identity.pod_uid(on.agent, desired.key, identity.incarnation(spec, draft))
    pod = RenderedPod(
        key=desired.key,
        uid=uid,
        sandbox=_identified(draft, desired, uid, on),
        grace_period=spec.termination_grace_period_seconds,
        restart_policy=spec.restart_policy,
    )
    try:
        refuse_unsupported(desired, on)
        return _whole(pod, desired, on)
    except Refusal as refusal:
        return replace(pod, refused=str(refusal))


def _whole(pod: RenderedPod, desired: DesiredPod, on: Machine) -> RenderedPod:
    """Return a pod with everything in it. Raises Refusal."""
    spec, uid = desired.spec, pod.uid
    around = Around(desired=desired, uid=uid, namespaces=pod.sandbox.namespaces, keys=keyring(desired), on=on)
    init = tuple(render_container(one, around, place=place) for place, one in enumerate(spec.init_containers))
    containers = tuple(render_container(one, around) for one in spec.containers)
    projected = (project_volume(volume, desired, uid, on) for volume in spec.volumes)
    return replace(
        pod,
        init=init,
        containers=containers,
        folders=_folders(desired, uid, on),
        volumes=tuple(volume for volume in projected if volume is not None),
        mounts=mounted_filesystems(desired, uid),
        owned=owned_volumes(desired, uid),
        etc_hosts=hosts_entry(desired.key, spec, on.etc_hosts),
        cgroup=pod_cgroup(spec, uid, on),
        addressed=any(asks_for_addresses(one) for one in (*init, *containers)),
    )


def _folders(desired: DesiredPod, uid: str, on: Machine) -> tuple[Folder, ...]:
    """Return all folders of a pod; what must be there already is looked for before any is made in vain."""
    own = (Folder(path=identity.log_directory(desired.key, uid)), Folder(path=identity.pod_folder(uid)))
    folders = (*own, *volume_folders(desired, uid, on))
    return tuple(sorted(folders, key=lambda folder: not folder.must_exist))


def _sandbox(desired: DesiredPod, on: Machine) -> SandboxConfig:
    """Return the sandbox without what depends on the uid."""
    spec = desired.spec
    of_pod = spec.security_context
    user = of_pod.run_as_user if of_pod else None
    return SandboxConfig(
        name=desired.key.name,
        namespace=desired.key.namespace,
        uid="",
        hostname=hostname(desired.key, spec),
        port_mappings=_port_mappings(spec),
        namespaces=_namespaces(spec),
        privileged=any(
            one.security_context is not None and one.security_context.privileged for one in spec.every_container
        ),
        labels={**desired.labels, AGENT: on.agent},
        dns=pod_dns(spec, on.resolv_conf),
        sysctls=pod_sysctls(spec),
        supplemental_groups=supplemental_groups(spec),
        run_as_user=user,
        # containerd refuses a group without a user; which group the pause process is in matters to nobody.
        run_as_group=of_pod.run_as_group if of_pod and user is not None else None,
        selinux=selinux_label(of_pod.selinux_options if of_pod else None),
        runtime_handler=desired.runtime,
    )


def _port_mappings(spec: PodSpec) -> tuple[PortMapping, ...]:
    published = (
        PortMapping(
            container_port=port.container_port, host_port=port.host_port, protocol=port.protocol, host_ip=port.host_ip
        )
        for container in (*spec.containers, *(one for one in spec.init_containers if one.restart_policy == "Always"))
        for port in container.ports
        if port.host_port
    )
    return tuple(sorted(published))


def _namespaces(spec: PodSpec) -> Namespaces:
    return Namespaces(
        network="host" if spec.host_network else "pod",
        pid="host" if spec.host_pid else "pod" if spec.share_process_namespace else "container",
        ipc="host" if spec.host_ipc else "pod",
        users="pod" if spec.host_users is False else "host",
    )


def _identified(draft: SandboxConfig, desired: DesiredPod, uid: str, on: Machine) -> SandboxConfig:
    key = desired.key
    return replace(
        draft,
        uid=uid,
        log_directory=identity.log_directory(key, uid),
        cgroup_parent=cgroup_parent(qos_class(desired.spec), uid, on),
        labels={**draft.labels, POD_NAME: key.name, POD_NAMESPACE: key.namespace, POD_UID: uid},
        annotations={
            **desired.annotations,
            OWNER: f"{desired.owner.kind}/{desired.owner.namespace}/{desired.owner.name}",
            GRACE_PERIOD: str(desired.spec.termination_grace_period_seconds),
            RESTART_POLICY: desired.spec.restart_policy,
            **gate_annotations(desired.spec),
        },
    )
