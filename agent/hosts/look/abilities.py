"""What a host's containerd can do: told by its version, its status, its configuration and the kernel."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from agent.hosts.look.machine import Machine
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model.observation import Feature
from agent.model.value import Value

_SINCE: Final[Mapping[Feature, tuple[int, int]]] = {"image-volumes": (2, 1), "stop-signal": (2, 3)}
"""What no answer of containerd tells: the version that brought it."""


class RuntimeConfig(Value, frozen=True, kw_only=True):
    """What matters of the CRI plugin's configuration. It does not change while containerd runs."""

    cgroup_driver: Literal["cgroupfs", "systemd"] = "cgroupfs"
    handlers: tuple[str, ...] = ()
    """Sorted; empty where it does not tell."""
    apparmor: bool = True
    selinux: bool = False
    pause_image: str = ""


def runtime_config(info: Mapping[str, str]) -> RuntimeConfig:
    """Read the configuration from a verbose status."""
    try:
        config: dict[str, Any] = msgspec.json.decode(info.get("config", "{}"))
    except msgspec.DecodeError:
        return RuntimeConfig()
    if not isinstance(config, dict):
        return RuntimeConfig()
    containerd = config.get("containerd") or {}
    runtimes = containerd.get("runtimes") or {}
    default = runtimes.get(containerd.get("defaultRuntimeName") or "runc") or {}
    return RuntimeConfig(
        cgroup_driver="systemd" if (default.get("options") or {}).get("SystemdCgroup") else "cgroupfs",
        handlers=tuple(sorted(runtimes.keys())),
        apparmor=not config.get("disableApparmor", False),
        selinux=bool(config.get("enableSelinux", False)),
        # One place up to 1.7, another since 2.0.
        pause_image=str(config.get("sandboxImage") or (config.get("pinnedImages") or {}).get("sandbox") or ""),
    )


def features(version: str, status: pb.StatusResponse, config: RuntimeConfig, machine: Machine) -> tuple[Feature, ...]:
    """Return what containerd can do beyond 1.6, sorted. Since 2.0 it tells much of it itself, kernel included."""
    number = _number(version)
    able: dict[Feature, bool] = {
        "apparmor": machine.apparmor and config.apparmor,
        "selinux": machine.selinux and config.selinux,
        "supplemental-groups-policy": status.features.supplemental_groups_policy,
        **{feature: number >= since for feature, since in _SINCE.items()},
    }
    return tuple(sorted({*_default(status), *(feature for feature, can in able.items() if can)}))


def lacking(status: pb.StatusResponse) -> Mapping[str, tuple[Feature, ...]]:
    """Return what runtime handlers cannot do though the default one can."""
    default = _default(status)
    missing = {handler.name: tuple(sorted(default - _told(handler))) for handler in status.runtime_handlers}
    return {name: features for name, features in sorted(missing.items()) if features}


def _default(status: pb.StatusResponse) -> frozenset[Feature]:
    return next((_told(handler) for handler in status.runtime_handlers if not handler.name), frozenset())


def _told(handler: pb.RuntimeHandler) -> frozenset[Feature]:
    able: dict[Feature, bool] = {
        "recursive-read-only": handler.features.recursive_read_only_mounts,
        "user-namespaces": handler.features.user_namespaces,
    }
    return frozenset(feature for feature, can in able.items() if can)


def _number(version: str) -> tuple[int, int]:
    match = re.match(r"v?(\d{1,4})\.(\d{1,4})", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)
