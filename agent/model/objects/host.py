from collections.abc import Mapping
from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta

Quantity = str | int | float


class Jump(Object, frozen=True, kw_only=True):
    """A host to go through on the way (OpenSSH's ProxyJump); its key is pinned like any other."""

    address: str
    port: int = 22
    user: str | None = None
    host_key: str | None = None


class Ssh(Object, frozen=True, kw_only=True):
    """How a host is reached.

    ``address`` may be an alias of the OpenSSH client configuration that the Agent names (``spec.ssh.configFile``);
    what is left out here comes from that configuration, then from the Agent. ``host_key`` pins the key as
    ``TYPE BASE64``; without it the Agent's known_hosts file decides.
    """

    address: str
    port: int | None = None
    user: str | None = None
    identity_file: str | None = None
    host_key: str | None = None
    jump: Jump | None = None
    become: Literal["sudo"] | None = None


class Taint(Object, frozen=True, kw_only=True):
    """Repels pods that do not tolerate it."""

    key: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
    value: str = ""


class HostSpec(Object, frozen=True, kw_only=True):
    """A machine with containerd: exactly one of ``ssh`` and ``local``."""

    ssh: Ssh | None = None
    local: bool = False
    runtime_endpoint: str = "unix:///run/containerd/containerd.sock"
    allocatable: Mapping[str, Quantity] = {}
    """Quantities by resource name (cpu, memory, pods); what is left out is discovered."""
    reserved: Mapping[str, Quantity] = {}
    """Quantities by resource name that are kept for the machine itself, taken off what was discovered."""
    unschedulable: bool = False
    drain: bool = False
    """Pods move away, as fast as disruption budgets allow; those of DaemonSets stay."""
    taints: tuple[Taint, ...] = ()


class Host(Object, frozen=True, kw_only=True):
    """A host of the fleet."""

    metadata: ObjectMeta
    spec: HostSpec
    api_version: Literal["trimtab.dev/v1alpha1"] = "trimtab.dev/v1alpha1"
    kind: Literal["Host"] = "Host"
