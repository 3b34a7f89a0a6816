"""The doctor's lines on what a host can do: which fields it honours, and which are refused there for want of it."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.hosts.doctor.check import Check
from agent.hosts.look.abilities import RuntimeConfig
from agent.hosts.look.machine import Machine
from agent.model.observation import Feature

_FIELDS: Final[Mapping[Feature, tuple[str, str]]] = {
    "apparmor": ("securityContext.appArmorProfile", "AppArmor in the kernel and in containerd's configuration"),
    "image-volumes": ("volumes[].image", "containerd 2.1"),
    "recursive-read-only": ("volumeMounts[].recursiveReadOnly: Enabled", "containerd 2.0 and Linux 5.12"),
    "selinux": ("securityContext.seLinuxOptions", "SELinux in the kernel and enable_selinux in containerd's"),
    "stop-signal": ("lifecycle.stopSignal", "containerd 2.3"),
    "supplemental-groups-policy": ("securityContext.supplementalGroupsPolicy: Strict", "containerd 2.0"),
    "user-namespaces": ("hostUsers: false", "containerd 2.0 and Linux 6.3"),
}


def ability_checks(features: tuple[Feature, ...], config: RuntimeConfig, machine: Machine) -> Iterator[Check]:
    """Yield what the host honours beyond containerd 1.6, what it refuses, and how its cgroups are kept."""
    yield _cgroups(config, machine)
    handlers = ", ".join(config.handlers) or "containerd does not tell which"
    yield Check(name="handlers", status="ok", message=f"for RuntimeClass objects: {handlers}")
    honoured = [field for feature, (field, _) in _FIELDS.items() if feature in features]
    if honoured:
        yield Check(name="honoured", status="ok", message="; ".join(honoured))
    refused = [f"{field} (needs {needs})" for feature, (field, needs) in _FIELDS.items() if feature not in features]
    if refused:
        yield Check(name="refused here", status="ok", message="; ".join(refused))


def _cgroups(config: RuntimeConfig, machine: Machine) -> Check:
    kept = f"version {machine.cgroup_version}, kept by {config.cgroup_driver}"
    if config.cgroup_driver == "systemd" and not machine.systemd:
        return Check(
            name="cgroups",
            status="problem",
            message=f"{kept}, which does not run on this host",
            hint="SystemdCgroup = false in containerd's configuration, or boot the host with systemd",
        )
    if config.cgroup_driver == "cgroupfs" and machine.systemd and machine.cgroup_version == 2:
        return Check(
            name="cgroups",
            status="warning",
            message=f"{kept}, while systemd keeps the rest: two managers of one tree can disagree under pressure",
            hint="SystemdCgroup = true for runc in containerd's configuration, before pods run there",
        )
    return Check(name="cgroups", status="ok", message=kept)
