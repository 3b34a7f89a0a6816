"""What a host showed last. A host that cannot be seen is ``Unseen``: never the same as empty."""

from collections.abc import Mapping
from typing import Literal

from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.files import FileSeen
from agent.model.probing import Health
from agent.model.strain import CALM, Strain
from agent.model.value import Value
from agent.model.volumes import VolumeSeen

Feature = Literal[
    "apparmor",
    "image-volumes",
    "recursive-read-only",
    "selinux",
    "stop-signal",
    "supplemental-groups-policy",
    "user-namespaces",
]


class RuntimeFacts(Value, frozen=True, kw_only=True):
    """What the host is and has: versions, capacity, conditions as CRI reports them."""

    name: str = "containerd"
    version: str = ""
    runtime_ready: bool = True
    network_ready: bool = True
    message: str = ""
    cgroup_driver: Literal["cgroupfs", "systemd"] = "cgroupfs"
    cpu_millis: int = 0
    memory_bytes: int = 0
    clock_skew: float = 0.0
    """Host clock minus ours, seconds."""
    boot_id: str = ""
    addresses: tuple[str, ...] = ()
    """The host's own addresses, the one we reach it at first: ``status.hostIP``."""
    cgroup_version: Literal[1, 2] = 1
    features: tuple[Feature, ...] = ()
    """What this containerd can do beyond 1.6, sorted."""
    handlers: tuple[str, ...] = ()
    """Runtime handlers of its configuration, sorted; empty where it does not tell."""
    lacking: Mapping[str, tuple[Feature, ...]] = {}
    """What a handler cannot do though the default one can; handlers that lack nothing are left out."""
    resolv_conf: str = ""
    etc_hosts: str | None = ""
    """The host's own hosts file; None where it cannot be read, or is longer than any pod's should be."""
    hugepages: Mapping[str, int] = {}
    """Bytes of huge pages set aside, by resource name (``hugepages-2Mi``)."""
    storage_bytes: int = 0
    """The size of the disk that pods write to: capacity of ephemeral-storage."""


class SandboxSeen(Value, frozen=True, kw_only=True):
    """One pod sandbox. ``config`` is what it was made from, read back from the runtime."""

    id: str
    config: SandboxConfig
    ready: bool
    created_at: float = 0.0
    ips: tuple[str, ...] = ()


class ContainerSeen(Value, frozen=True, kw_only=True):
    """One container. Times are seconds since the epoch, 0 when it has not happened.

    ``config`` is what it was made from, read back from the runtime: texts from Secrets are wrapped as ``Sensitive``
    by what the container's own annotation says, and all of its environment is, where that annotation is missing.
    ``image_ref`` is the image's identity (digest) that it was really created from.
    """

    id: str
    sandbox_id: str
    config: ContainerConfig
    state: Literal["created", "running", "exited", "unknown"]
    created_at: float = 0.0
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    """The runtime's, and the termination message of one that exited."""
    last_lines: str = ""
    """The end of the log of one that failed."""
    image_ref: str = ""


class ImageSeen(Value, frozen=True, kw_only=True):
    """One image of the host's store."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    user: str = ""
    """Who it runs as unless told otherwise: an id, or a name; empty is root."""
    pinned: bool = False


class Seen(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """One full look at a host.

    ``sandboxes`` and ``containers`` hold everything in the runtime, foreign ones too (told apart by the ownership
    label). ``files`` maps absolute paths below the pods' folders to what is there; ``pod_dirs`` are the pod UIDs
    that have a folder on the host. ``mounts`` are the paths below them where something is mounted. ``health`` is
    what the probes of running containers tell, by container id; a container with probes that is not in it has not
    been probed yet. ``volumes`` are those that trimtab made for claims. ``strain`` is what the host is short of, as it
    was measured last. All sequences are sorted by id, so equal states compare equal.
    """

    at: float
    facts: RuntimeFacts
    sandboxes: tuple[SandboxSeen, ...] = ()
    containers: tuple[ContainerSeen, ...] = ()
    images: tuple[ImageSeen, ...] = ()
    files: Mapping[str, FileSeen] = {}
    pod_dirs: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    health: Mapping[str, Health] = {}
    volumes: tuple[VolumeSeen, ...] = ()
    strain: Strain = CALM


class Unseen(Value, frozen=True, kw_only=True):
    """A host that does not answer: since when, why, and what it showed before."""

    since: float
    reason: str
    last_known: Seen | None = None


Observation = Seen | Unseen


def last_known(observation: Observation) -> Seen | None:
    """Return the newest full look at a host, however old."""
    return observation if isinstance(observation, Seen) else observation.last_known
