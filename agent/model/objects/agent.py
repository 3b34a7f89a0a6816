"""The agent's own configuration: ``/etc/trimtab/agent.yaml``. Not part of a source."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.model.objects.meta import Object, ObjectMeta


class Ref(Object, frozen=True, kw_only=True):
    """What to follow: one of branch, tag and commit."""

    branch: str = ""
    tag: str = ""
    commit: str = ""


class SourceSpec(Object, frozen=True, kw_only=True):
    """The git repository. Credentials are files, never part of the URL.

    ``interval`` (a duration) is how often a remote one is fetched; a local path is watched instead.
    ``identity_file`` and ``known_hosts_file`` are for ssh, ``token_file`` (and ``username``) for https.
    """

    url: str
    ref: Ref = Ref(branch="main")
    path: str = "."
    interval: str = "1m"
    timeout: str = "1m"
    depth: int = 50
    identity_file: str | None = None
    known_hosts_file: str | None = None
    token_file: str | None = None
    username: str = "git"


class SshDefaults(Object, frozen=True, kw_only=True):
    """How hosts are reached, where the Host itself does not say. ``config_file`` names an OpenSSH client file."""

    user: str = "root"
    identity_file: str | None = None
    known_hosts_file: str | None = None
    config_file: str | None = None
    connect_timeout: str = "10s"
    keepalive_interval: str = "15s"


class Prune(Object, frozen=True, kw_only=True):
    """Whether pods that no object declares any more are removed, and how many of all at once without asking."""

    enabled: bool = True
    max_fraction: float = 0.3


class Limits(Object, frozen=True, kw_only=True):
    """How much runs side by side, and the slow look at every host that backs events up.

    ``actions_per_host`` is None for what a host's CPUs can do. Every ``autoscaling`` autoscalers look at their metrics,
    and the hosts that they ask about are measured.
    """

    actions_per_host: int | None = None
    connections: int = 64
    resync: str = "5m"
    autoscaling: str = "15s"


class Cleanup(Object, frozen=True, kw_only=True):
    """When hosts are cleaned up; the names, but for ``interval``, are a kubelet's.

    Every ``interval`` a host is measured. Above the high threshold of its image disk (percent) unused images go, down
    to the low one. A log of ``container_log_max_size`` is rotated; ``container_log_max_files`` are kept in all. Below a
    threshold of ``eviction_hard`` (by signal; what is left out has Kubernetes' default) a host is under pressure, and
    pods go from it; it counts as such for ``eviction_pressure_transition_period`` more.
    """

    interval: str = "1m"
    image_high: int = msgspec.field(default=85, name="imageGCHighThresholdPercent")
    image_low: int = msgspec.field(default=80, name="imageGCLowThresholdPercent")
    image_minimum_age: str = msgspec.field(default="2m", name="imageMinimumGCAge")
    container_log_max_size: str | int | float = "10Mi"
    container_log_max_files: int = 5
    eviction_hard: Mapping[str, str | int | float] = {}
    eviction_pressure_transition_period: str = "5m"


class Metrics(Object, frozen=True, kw_only=True):
    """Where /metrics, /healthz and /readyz are served; port 0 serves nothing."""

    address: str = "127.0.0.1"
    port: int = 9550


class SchedulerProfile(Object, frozen=True, kw_only=True):
    """A way of choosing hosts, named by ``schedulerName``: spreading pods, or filling one host after another."""

    name: str
    scoring: Literal["LeastAllocated", "MostAllocated"] = "LeastAllocated"


class Scheduler(Object, frozen=True, kw_only=True):
    """How hosts are chosen. A profile ``default-scheduler`` is for pods that name none."""

    profiles: tuple[SchedulerProfile, ...] = ()


class Prometheus(Object, frozen=True, kw_only=True):
    """Where External metrics are read, with the bearer token of ``token_file``; ``ca_file`` is whom https trusts."""

    url: str
    token_file: str | None = None
    ca_file: str | None = None


class AgentSpec(Object, frozen=True, kw_only=True):
    """All settings of an agent."""

    source: SourceSpec
    ssh: SshDefaults = SshDefaults()
    state_dir: str = "/var/lib/trimtab"
    prune: Prune = Prune()
    limits: Limits = Limits()
    cleanup: Cleanup = Cleanup()
    metrics: Metrics = Metrics()
    scheduler: Scheduler = Scheduler()
    prometheus: Prometheus | None = None


class AgentConfig(Object, frozen=True, kw_only=True):
    """One agent; its name owns every pod it makes."""

    metadata: ObjectMeta
    spec: AgentSpec
    api_version: Literal["trimtab.dev/v1alpha1"] = "trimtab.dev/v1alpha1"
    kind: Literal["Agent"] = "Agent"
