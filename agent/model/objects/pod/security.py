"""Privileges of pods and containers."""

from typing import Literal

import msgspec

from agent.model.objects.meta import Object


class Capabilities(Object, frozen=True, kw_only=True):
    """Linux capabilities to add to, and drop from, the runtime's defaults; ``ALL`` means every one."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SeccompProfile(Object, frozen=True, kw_only=True):
    """Which system calls may be made; ``localhost_profile`` is relative to the host's seccomp folder."""

    type: Literal["Localhost", "RuntimeDefault", "Unconfined"]
    localhost_profile: str | None = None


class AppArmorProfile(Object, frozen=True, kw_only=True):
    """The AppArmor profile; ``localhost_profile`` is the name of one that is loaded on the host."""

    type: Literal["Localhost", "RuntimeDefault", "Unconfined"]
    localhost_profile: str | None = None


class SelinuxOptions(Object, frozen=True, kw_only=True):
    """The SELinux label."""

    user: str = ""
    role: str = ""
    type: str = ""
    level: str = ""


class SecurityContext(Object, frozen=True, kw_only=True):
    """Privileges of one container; what is left out comes from the pod's, then from the image."""

    privileged: bool = False
    read_only_root_filesystem: bool = False
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    allow_privilege_escalation: bool | None = None
    capabilities: Capabilities | None = None
    proc_mount: Literal["Default", "Unmasked"] | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    selinux_options: SelinuxOptions | None = msgspec.field(default=None, name="seLinuxOptions")


class Sysctl(Object, frozen=True, kw_only=True):
    """A kernel parameter of the pod's namespaces."""

    name: str
    value: str


class PodSecurityContext(Object, frozen=True, kw_only=True):
    """Privileges of all containers of a pod, and what its volumes and namespaces get."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    fs_group_change_policy: Literal["Always", "OnRootMismatch"] = "Always"
    supplemental_groups: tuple[int, ...] = ()
    supplemental_groups_policy: Literal["Merge", "Strict"] | None = None
    sysctls: tuple[Sysctl, ...] = ()
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    selinux_options: SelinuxOptions | None = msgspec.field(default=None, name="seLinuxOptions")
    selinux_change_policy: Literal["MountOption", "Recursive"] | None = msgspec.field(
        default=None, name="seLinuxChangePolicy"
    )
