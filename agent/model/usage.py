"""What a host and its pods use: measured now and then, for limits, cleaning up and ``top``."""

from collections.abc import Mapping

from agent.model.value import Value


class ContainerUsage(Value, frozen=True, kw_only=True):
    """``cpu_seconds`` since the container started, ``memory_bytes`` its working set.

    ``at`` is when its CPU was read, by the host's own clock.
    """

    at: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    log_bytes: int = 0
    """Its current log file."""
    writable_bytes: int = 0
    """What it wrote into its root filesystem."""


class Filesystem(Value, frozen=True, kw_only=True):
    """A filesystem of the host, by where it is mounted."""

    path: str
    size_bytes: int
    used_bytes: int
    available_bytes: int
    """What others than root may still use."""
    inodes: int = 0
    inodes_used: int = 0


class Usage(Value, frozen=True, kw_only=True):
    """One measurement, ``at`` by the host's own clock.

    ``containers`` are by id; ``volumes`` maps folders of emptyDirs to the bytes in them.
    """

    at: float
    cpu_seconds: float = 0.0
    """Of all CPUs of the host since it was started."""
    memory_bytes: int = 0
    memory_available: int = 0
    containers: Mapping[str, ContainerUsage] = {}
    volumes: Mapping[str, int] = {}
    images: Filesystem | None = None
    pods: Filesystem | None = None
    pulled: tuple[str, ...] = ()
    """References, as manifests write them, of the images that trimtab itself pulled: all that it may remove."""


class Load(Value, frozen=True, kw_only=True):
    """What containers of a host use right now, by container id. ``at`` by the agent's clock.

    ``cpu`` is in cores, over the ``window`` (seconds) between the last two measurements; ``memory`` is the working set
    in bytes.
    """

    at: float
    window: float = 0.0
    cpu: Mapping[str, float] = {}
    memory: Mapping[str, int] = {}
