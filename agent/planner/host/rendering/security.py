"""Privileges of a pod and its containers: what a container leaves out comes from its pod."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.model.cri import ContainerSecurity, Namespaces, Profile, SelinuxLabel
from agent.model.labels import SECCOMP_DIR
from agent.model.objects.pod import (
    AppArmorProfile,
    Container,
    PodSecurityContext,
    PodSpec,
    SeccompProfile,
    SecurityContext,
    SelinuxOptions,
)
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.volumes.entries import inside

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
_NOTHING: Final = SecurityContext()
_NOTHING_OF_POD: Final = PodSecurityContext()
_TYPES: Final[Mapping[str, Literal["runtime-default", "unconfined", "localhost"]]] = {
    "RuntimeDefault": "runtime-default",
    "Unconfined": "unconfined",
    "Localhost": "localhost",
}


def container_security(container: Container, spec: PodSpec, namespaces: Namespaces) -> ContainerSecurity:
    """Return a container's privileges. Raises Refusal for those that contradict each other."""
    own, of_pod = container.security_context or _NOTHING, spec.security_context or _NOTHING_OF_POD
    user = of_pod.run_as_user if own.run_as_user is None else own.run_as_user
    if user == 0 and must_not_be_root(container, spec):
        raise Refusal(
            f"container {container.name}: CreateContainerConfigError, container's runAsUser breaks non-root policy"
        )
    capabilities = own.capabilities
    open_proc = own.privileged or own.proc_mount == "Unmasked"
    return ContainerSecurity(
        privileged=own.privileged,
        readonly_rootfs=own.read_only_root_filesystem,
        run_as_user=user,
        run_as_group=of_pod.run_as_group if own.run_as_group is None else own.run_as_group,
        no_new_privs=own.allow_privilege_escalation is False,
        add_capabilities=capabilities.add if capabilities else (),
        drop_capabilities=capabilities.drop if capabilities else (),
        namespaces=namespaces,
        supplemental_groups=supplemental_groups(spec),
        supplemental_groups_policy="strict" if of_pod.supplemental_groups_policy == "Strict" else "merge",
        seccomp=_seccomp(own.seccomp_profile or of_pod.seccomp_profile),
        apparmor=_apparmor(own.app_armor_profile or of_pod.app_armor_profile),
        selinux=selinux_label(own.selinux_options or of_pod.selinux_options),
        masked_paths=() if open_proc else _MASKED,
        readonly_paths=() if open_proc else _READ_ONLY,
    )


def must_not_be_root(container: Container, spec: PodSpec) -> bool:
    """Tell whether a container must not run as root."""
    own, of_pod = container.security_context or _NOTHING, spec.security_context or _NOTHING_OF_POD
    return bool(of_pod.run_as_non_root if own.run_as_non_root is None else own.run_as_non_root)


def supplemental_groups(spec: PodSpec) -> tuple[int, ...]:
    """Return the groups that the first process of each container is in besides its own."""
    of_pod = spec.security_context or _NOTHING_OF_POD
    own = () if of_pod.fs_group is None else (of_pod.fs_group,)
    return (*own, *of_pod.supplemental_groups)


def selinux_label(options: SelinuxOptions | None) -> SelinuxLabel | None:
    """Return an SELinux label."""
    if options is None:
        return None
    return SelinuxLabel(user=options.user, role=options.role, type=options.type, level=options.level)


def _seccomp(profile: SeccompProfile | None) -> Profile:
    if profile is None or profile.type == "Unconfined":
        return Profile()
    if profile.type == "RuntimeDefault":
        return Profile(type="runtime-default")
    path = inside(profile.localhost_profile or "", "seccompProfile.localhostProfile")
    return Profile(type="localhost", localhost=f"{SECCOMP_DIR}/{path}")


def _apparmor(profile: AppArmorProfile | None) -> Profile | None:
    if profile is None:
        return None
    return Profile(type=_TYPES[profile.type], localhost=profile.localhost_profile or "")
