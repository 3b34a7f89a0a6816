"""The one place where ports get their real sides: git, SSH and containerd, the state directory, the clock.

Adapters are imported when they are opened: a verb that needs no host does not pay for SSH and gRPC at its start.
"""

# ruff: noqa: PLC0415 - imports inside functions are this module's purpose, see above

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.journal import FileJournal, fingerprint_key
from agent.journal.key import NAME as KEY_FILE
from agent.journal.replace import replace_file
from agent.model.duration import parse_duration
from agent.model.objects import Declared
from agent.model.objects import Host as HostObject
from agent.model.objects.agent import AgentConfig, AgentSpec, Cleanup
from agent.model.plan import FingerprintKey, Scoring
from agent.model.quantity import whole
from agent.ports import MetricsServer, Source, State

if TYPE_CHECKING:
    from agent.hosts.doctor.check import Check
    from agent.hosts.host import ContainerdHost
    from agent.hosts.ssh.trust import HostKey
    from agent.planner.upkeep import Policy
    from agent.reconciler.settings import HostFactory, Settings
    from agent.source.git import GitSource

_OWN_LIMITS: Final = 600.0
"""Seconds that the time limits of one step which nobody configures add up to, at the very most."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()


def open_source(config: AgentConfig) -> "GitSource":
    """Return the repository that the agent follows. Raises PortError."""
    from agent.source.git import GitSource

    return GitSource(config.spec.source, config.spec.state_dir)


def open_folder(path: Path) -> Source:
    """Return a working folder, not committed yet, as a source. Raises PortError."""
    from agent.source.folder import FolderSource

    return FolderSource(path)


def open_host(host: Declared[HostObject], config: AgentConfig, claim: FingerprintKey | None = None) -> "ContainerdHost":
    """Return a host, not connected yet. Without ``claim`` it is only looked at, and not taken for this agent."""
    from agent.hosts.connect import connect

    spec = config.spec
    return connect(
        host.body,
        spec.ssh,
        config.metadata.name,
        claim=claim,
        clock=SystemClock(),
        parallel=spec.limits.actions_per_host,
    )


def host_factory(config: AgentConfig, key: FingerprintKey) -> "HostFactory":
    """Return what makes the hosts that the loops work on; each is claimed for this agent when it is first seen."""
    return lambda host: open_host(host, config, claim=key)


def examine_host(host: HostObject, config: AgentConfig) -> "list[Check]":
    """Return what the doctor says of a host. Changes nothing."""
    from agent.hosts.doctor.examine import examine

    return list(examine(host, config.spec.ssh, config.metadata.name, clock=SystemClock()))


def scan_host_key(address: str, port: int, config: AgentConfig) -> "HostKey":
    """Return the key that a machine shows, trusting nothing yet. Raises PortError."""
    from agent.hosts.connect import scan_key

    return scan_key(address, port, config.spec.ssh)


def settings_of(config: AgentConfig, key: FingerprintKey, *, watched: bool, ref: str | None = None) -> "Settings":
    """Return what the loops need of the configuration. A source that is watched is not polled but for the resync."""
    from agent.reconciler.settings import Settings

    spec = config.spec
    resync = parse_duration(spec.limits.resync)
    return Settings(
        agent=config.metadata.name,
        key=key,
        ref=ref,
        prune=spec.prune,
        interval=resync if watched else parse_duration(spec.source.interval),
        resync=resync,
        upkeep=parse_duration(spec.cleanup.interval),
        autoscaling=parse_duration(spec.limits.autoscaling),
        cleanup=_policy(spec.cleanup),
        connections=spec.limits.connections,
        patience=_patience(spec),
        profiles=profiles_of(config),
    )


def _patience(spec: AgentSpec) -> float:
    """Return what no step takes that ends: connecting is some ten waits for each jump, a fetch some four."""
    waits = max(60 * parse_duration(spec.ssh.connect_timeout), 10 * parse_duration(spec.source.timeout))
    return _OWN_LIMITS + waits


def profiles_of(config: AgentConfig) -> Mapping[str, Scoring]:
    """Return how hosts are scored, by what pods may name as their scheduler."""
    return {one.name: one.scoring for one in config.spec.scheduler.profiles}


def metrics_server(config: AgentConfig) -> MetricsServer | None:
    """Return the server that External metrics are read from, not connected yet. Raises Permanent."""
    from agent.prometheus import Prometheus

    return Prometheus(config.spec.prometheus) if config.spec.prometheus is not None else None


def _policy(cleanup: Cleanup) -> "Policy":
    from agent.planner.upkeep import Policy

    return Policy(
        image_high=cleanup.image_high / 100,
        image_low=cleanup.image_low / 100,
        image_age=parse_duration(cleanup.image_minimum_age),
        log_bytes=whole(cleanup.container_log_max_size),
        log_files=cleanup.container_log_max_files,
        eviction_hard=cleanup.eviction_hard,
        pressure_transition=parse_duration(cleanup.eviction_pressure_transition_period),
    )


def saved_state(config: AgentConfig) -> State:
    """Return what the agent saved last, without making a state directory where there is none. Raises PortError."""
    folder = Path(config.spec.state_dir)
    return FileJournal(folder).load() if folder.exists() else State()


def saved_key(config: AgentConfig) -> FingerprintKey | None:
    """Return the fleet's key as the state directory has it; None where it has none yet. Raises PortError."""
    return fingerprint_key(config.spec.state_dir) if (Path(config.spec.state_dir) / KEY_FILE).exists() else None


def recorded_key(hosts: Sequence["ContainerdHost"]) -> FingerprintKey | None:
    """Return the fleet's key as hosts that were looked at have it in their owner records; None when none has."""
    return next((host.owner.key for host in hosts if host.owner is not None), None)


def keep_key(config: AgentConfig, key: FingerprintKey | None) -> FingerprintKey:
    """Put the fleet's key where this agent keeps it: the given one, or a new one. Raises PortError."""
    if key is not None:
        replace_file(Path(config.spec.state_dir) / KEY_FILE, key.value)
    return fingerprint_key(config.spec.state_dir)


@contextmanager
def watching(source: "GitSource", wake: Callable[[], None]) -> Iterator[None]:
    """Call ``wake`` at every push into a source that is on this machine. Raises PortError."""
    from agent.source.watch import watch_repository

    if source.local_path is None:
        yield
        return
    stop = watch_repository(source.local_path, wake)
    try:
        yield
    finally:
        stop()


@contextmanager
def watching_files(paths: Iterable[Path], wake: Callable[[], None]) -> Iterator[None]:
    """Call ``wake`` whenever one of some files is written, replaced, made or removed. Raises PortError."""
    from agent.source.watch import watch_files

    stop = watch_files(paths, wake)
    try:
        yield
    finally:
        stop()
