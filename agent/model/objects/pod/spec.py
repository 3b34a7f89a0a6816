"""Pod and its spec. What is not here, the schemas refuse with its location."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.model.objects.meta import Object, ObjectMeta
from agent.model.objects.pod.container import Container, ResourceRequirements, RestartPolicy
from agent.model.objects.pod.scheduling import Affinity, SpreadConstraint, Toleration
from agent.model.objects.pod.security import PodSecurityContext
from agent.model.objects.pod.volume import Quantity, Volume


class HostAlias(Object, frozen=True, kw_only=True):
    """A line of /etc/hosts."""

    ip: str
    hostnames: tuple[str, ...] = ()


class DnsOption(Object, frozen=True, kw_only=True):
    """An option of resolv.conf: ``name`` or ``name:value``."""

    name: str
    value: str | None = None


class DnsConfig(Object, frozen=True, kw_only=True):
    """What goes into resolv.conf beside what ``dnsPolicy`` says."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[DnsOption, ...] = ()


class SecretRef(Object, frozen=True, kw_only=True):
    """A Secret of the pod's namespace, by name."""

    name: str


class ReadinessGate(Object, frozen=True, kw_only=True):
    """A condition that must be True before the pod is ready."""

    condition_type: str


class PodOs(Object, frozen=True, kw_only=True):
    """The operating system that the containers are made for."""

    name: Literal["linux"]


class PodSpec(Object, frozen=True, kw_only=True):
    """What runs together on one host."""

    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    restart_policy: RestartPolicy = "Always"
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None
    node_name: str = ""
    scheduler_name: str = "default-scheduler"
    priority_class_name: str | None = None
    preemption_policy: Literal["PreemptLowerPriority", "Never"] | None = None
    """What the PriorityClass says, where it is written at all."""
    node_selector: Mapping[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    affinity: Affinity | None = None
    topology_spread_constraints: tuple[SpreadConstraint, ...] = ()
    hostname: str = ""
    subdomain: str = ""
    set_hostname_as_fqdn: bool | None = msgspec.field(default=None, name="setHostnameAsFQDN")
    hostname_override: str | None = None
    host_aliases: tuple[HostAlias, ...] = ()
    host_network: bool = False
    host_pid: bool = msgspec.field(default=False, name="hostPID")
    host_ipc: bool = msgspec.field(default=False, name="hostIPC")
    host_users: bool | None = None
    share_process_namespace: bool | None = None
    dns_policy: Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"] = "ClusterFirst"
    dns_config: DnsConfig | None = None
    security_context: PodSecurityContext | None = None
    image_pull_secrets: tuple[SecretRef, ...] = ()
    runtime_class_name: str | None = None
    overhead: Mapping[str, Quantity] = {}
    resources: ResourceRequirements | None = None
    readiness_gates: tuple[ReadinessGate, ...] = ()
    enable_service_links: bool = True
    service_account_name: str = "default"
    service_account: str = ""
    automount_service_account_token: bool | None = None
    os: PodOs | None = None

    @property
    def every_container(self) -> tuple[Container, ...]:
        """Init containers, sidecars among them, then the main ones."""
        return (*self.init_containers, *self.containers)


class Pod(Object, frozen=True, kw_only=True):
    """A pod that is declared by itself."""

    metadata: ObjectMeta
    spec: PodSpec
    api_version: Literal["v1"] = "v1"
    kind: Literal["Pod"] = "Pod"


class PodTemplateMeta(Object, frozen=True, kw_only=True):
    """``metadata`` of a pod template."""

    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class PodTemplate(Object, frozen=True, kw_only=True):
    """What each pod of a workload looks like."""

    spec: PodSpec
    metadata: PodTemplateMeta = PodTemplateMeta()
