"""What a host cannot do is refused with the reason, never left out."""

from collections.abc import Iterator
from typing import Final

from agent.model.desired import DesiredPod
from agent.model.objects.pod import AppArmorProfile, PodSpec, SelinuxOptions
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.naming import hostname
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.sysctls import refused_sysctl

_LONGEST_HOSTNAME: Final = 64


def refuse_unsupported(desired: DesiredPod, on: Machine) -> None:
    """Raise Refusal for the first thing that a pod asks for and its host cannot give."""
    reason = next(_reasons(desired, on), None)
    if reason is not None:
        raise Refusal(reason)


def _reasons(desired: DesiredPod, on: Machine) -> Iterator[str]:
    spec = desired.spec
    if desired.runtime and on.handlers and desired.runtime not in on.handlers:
        known = ", ".join(on.handlers)
        yield f"runtimeClassName: containerd on host {on.host} has no runtime {desired.runtime}, only {known}"
    if spec.host_users is False and "user-namespaces" not in on.features:
        runtime = f"runtime {desired.runtime} of " if desired.runtime else ""
        yield f"hostUsers false: {runtime}containerd on host {on.host} cannot map users (2.0 can)"
    if spec.host_users is False and spec.host_network:
        yield "hostUsers false: a pod in the host's network has the host's users"
    name = hostname(desired.key, spec)
    if len(name) > _LONGEST_HOSTNAME:
        yield f"setHostnameAsFQDN: {name} has {len(name)} characters, and a hostname at most {_LONGEST_HOSTNAME}"
    if spec.host_network and spec.host_aliases and on.etc_hosts is None:
        yield f"hostAliases with hostNetwork: the /etc/hosts of host {on.host} cannot be read, or is over 32 KiB"
    if (reason := refused_sysctl(spec)) is not None:
        yield reason
    yield from _security(spec, on)
    for container in spec.every_container:
        if container.lifecycle is not None and container.lifecycle.stop_signal and "stop-signal" not in on.features:
            yield f"stopSignal of container {container.name}: containerd on host {on.host} takes none (2.3 does)"


def _security(spec: PodSpec, on: Machine) -> Iterator[str]:
    of_pod = spec.security_context
    if of_pod is not None:
        if of_pod.supplemental_groups_policy == "Strict" and "supplemental-groups-policy" not in on.features:
            yield f"supplementalGroupsPolicy Strict: containerd on host {on.host} does not know it (2.0 does)"
        yield from _profiles(of_pod.selinux_options, of_pod.app_armor_profile, "the pod", on)
    for container in spec.every_container:
        own = container.security_context
        if own is not None:
            yield from _profiles(own.selinux_options, own.app_armor_profile, f"container {container.name}", on)


def _profiles(selinux: SelinuxOptions | None, apparmor: AppArmorProfile | None, of: str, on: Machine) -> Iterator[str]:
    if selinux is not None and "selinux" not in on.features:
        yield f"seLinuxOptions of {of}: containerd on host {on.host} does not use SELinux"
    if apparmor is not None and apparmor.type != "Unconfined" and "apparmor" not in on.features:
        yield f"appArmorProfile of {of}: AppArmor is not enabled on host {on.host}"
