"""Privileges of pods and containers."""

import re
from collections.abc import Iterable
from typing import Final

from agent.manifests.checks.unique import check_unique
from agent.manifests.explain import nearest, shorten
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import (
    AppArmorProfile,
    Capabilities,
    PodSecurityContext,
    PodSpec,
    SeccompProfile,
    SecurityContext,
)

_NAMES: Final = """
ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE
DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD
NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN
SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG
WAKE_ALARM
"""
_CAPABILITIES: Final = tuple(_NAMES.split())
_APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_OF_NETWORK: Final = re.compile(r"net[./].+")
_OF_IPC: Final = re.compile(r"kernel[./](shm|msg)[a-z_]+|kernel[./]sem|fs[./]mqueue[./].+")


def check_container_security(context: SecurityContext, spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with the privileges of one container."""
    capabilities = context.capabilities
    if capabilities:
        yield from _capabilities(capabilities, (*at, "capabilities"))
    if context.allow_privilege_escalation is False:
        added = capabilities.add if capabilities else ()
        if context.privileged or "SYS_ADMIN" in added:
            cause = "a privileged container" if context.privileged else "a container with SYS_ADMIN"
            message = f"{cause} cannot be kept from escalating its privileges"
            yield Finding((*at, "allowPrivilegeEscalation"), "bad-value", message)
    if context.proc_mount == "Unmasked" and spec.host_users is not False:
        message = "all of /proc is shown only to a pod with users of its own"
        yield Finding((*at, "procMount"), "bad-value", message, "write hostUsers: false in the pod's spec")
    yield from _profiles(context, at)


def check_pod_security(context: PodSecurityContext, spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with the privileges of all containers of a pod."""
    yield from _profiles(context, at)
    place = (*at, "sysctls")
    yield from check_unique(
        context.sysctls, place, lambda sysctl: sysctl.name.replace("/", "."), "kernel parameter", "name"
    )
    for index, sysctl in enumerate(context.sysctls):
        yield from _sysctl(sysctl.name, spec, (*place, index, "name"))


def check_app_armor_annotations(annotations: Iterable[str], spec: PodSpec, at: Steps) -> Findings:
    """Yield AppArmor profiles that are written as they were before they had a field: Kubernetes still obeys those.

    Beside the field, the annotation has nothing more to say.
    """
    told = {
        container.name
        for container in spec.every_container
        if container.security_context and container.security_context.app_armor_profile
    }
    for key in annotations:
        if key.startswith(_APP_ARMOR) and key.removeprefix(_APP_ARMOR) not in told:
            message = "an AppArmor profile is not taken from an annotation"
            hint = "write securityContext.appArmorProfile at the container"
            yield Finding((*at, "annotations", key), "unsupported-field", message, hint, at_key=True)


def _profiles(context: SecurityContext | PodSecurityContext, at: Steps) -> Findings:
    if context.seccomp_profile:
        yield from _localhost(context.seccomp_profile, (*at, "seccompProfile"))
    if context.app_armor_profile:
        yield from _localhost(context.app_armor_profile, (*at, "appArmorProfile"))


def _localhost(profile: SeccompProfile | AppArmorProfile, at: Steps) -> Findings:
    if profile.type == "Localhost" and profile.localhost_profile is None:
        message = "field `localhostProfile` is missing"
        yield Finding((*at, "localhostProfile"), "missing-field", message, "name the profile of the host")
    if profile.type != "Localhost" and profile.localhost_profile is not None:
        message = f"a profile of the host goes with the type `Localhost` only, not with `{profile.type}`"
        yield Finding((*at, "localhostProfile"), "bad-value", message, at_key=True)


def _capabilities(capabilities: Capabilities, at: Steps) -> Findings:
    for names, field in ((capabilities.add, "add"), (capabilities.drop, "drop")):
        for index, name in enumerate(names):
            if name not in _CAPABILITIES:
                message = f"Linux has no capability `{shorten(name)}`{nearest(name, _CAPABILITIES)}"
                yield Finding((*at, field, index), "bad-value", message)


def _sysctl(name: str, spec: PodSpec, at: Steps) -> Findings:
    if _OF_NETWORK.fullmatch(name):
        shared = "hostNetwork" if spec.host_network else ""
    elif _OF_IPC.fullmatch(name):
        shared = "hostIPC" if spec.host_ipc else ""
    else:
        message = f"`{shorten(name)}` is one for the whole host, a pod has none of its own"
        hint = "a pod has net.*, kernel.shm*, kernel.msg*, kernel.sem and fs.mqueue.*; set others on the host itself"
        yield Finding(at, "bad-value", message, hint)
        return
    if shared:
        message = f"with `{shared}`, `{shorten(name)}` is the host's, not the pod's"
        yield Finding(at, "bad-value", message, "set it on the host itself")
