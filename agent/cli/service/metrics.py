"""The agent's state in numbers, for Prometheus: a translation of its newest snapshot, made when asked."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import SummaryMetricFamily as Summary
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.model.kindstatus import AutoscalerStatus
from agent.model.status import Phase
from agent.reconciler.reporting.snapshot import FleetState, HostState, Metrics, Snapshot, SourceState

_PHASES: tuple[Phase, ...] = ("Ready", "Progressing", "Waiting", "Failed")


class SnapshotCollector(Collector):
    """Gives Prometheus the newest snapshot; nothing while there is none yet."""

    def __init__(self, newest: Callable[[], Snapshot | None], now: Callable[[], float]) -> None:
        self._newest = newest
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Translate the newest snapshot."""
        snapshot = self._newest()
        if snapshot is None:
            return
        yield Gauge("trimtab_converged", "Whether everything is as the newest revision declares.", snapshot.converged)
        yield from _source(snapshot.source, self._now())
        yield from _fleet(snapshot.fleet)
        yield from _autoscalers(snapshot.fleet)
        yield from _hosts(snapshot.hosts)
        yield from _work(snapshot.metrics)


def _source(source: SourceState, now: float) -> Iterator[Metric]:
    yield Gauge("trimtab_source_up", "Whether the last look at the source worked.", float(not source.error))
    if source.synced_at:
        age = max(0.0, now - source.synced_at)
        yield Gauge("trimtab_source_sync_age_seconds", "Time since the source was last looked at with success.", age)


def _fleet(fleet: FleetState) -> Iterator[Metric]:
    in_force = Gauge("trimtab_revision_in_force_info", "The revision that hosts are held to.", labels=["revision"])
    if fleet.in_force is not None:
        in_force.add_metric([fleet.in_force.id], 1)
    yield in_force
    since = Gauge("trimtab_revision_in_force_since_timestamp_seconds", "Since when it is in force.")
    if fleet.in_force is not None:
        since.add_metric([], fleet.in_force_since)
    yield since
    yield Gauge("trimtab_revision_refused", "Whether the newest revision is refused.", float(bool(fleet.refused)))
    yield Gauge("trimtab_revision_held", "Whether the prune guard holds a revision back.", float(bool(fleet.held)))
    objects = Gauge("trimtab_objects", "Objects by kind and phase.", labels=["kind", "phase"])
    for kind in sorted({status.key.kind for status in fleet.statuses}):
        for phase in _PHASES:
            count = sum(1 for status in fleet.statuses if (status.key.kind, status.phase) == (kind, phase))
            objects.add_metric([kind, phase], count)
    yield objects


def _autoscalers(fleet: FleetState) -> Iterator[Metric]:
    labels = ["namespace", "name"]
    current = Gauge(
        "trimtab_autoscaler_current_replicas", "Replicas as of the last look at the metrics.", labels=labels
    )
    desired = Gauge("trimtab_autoscaler_desired_replicas", "Replicas that the metrics ask for.", labels=labels)
    for status in fleet.statuses:
        if isinstance(status.status, AutoscalerStatus):
            key = [status.key.namespace, status.key.name]
            current.add_metric(key, status.status.current_replicas)
            desired.add_metric(key, status.status.desired_replicas)
    yield from (current, desired)


def _hosts(hosts: tuple[HostState, ...]) -> Iterator[Metric]:
    seen = Gauge("trimtab_host_seen", "Whether the host can be seen.", labels=["host"])
    settled = Gauge("trimtab_host_settled", "Whether the host runs what it should.", labels=["host"])
    wanted = Gauge("trimtab_host_pods_wanted", "Pods that belong on the host.", labels=["host"])
    flight = Gauge("trimtab_host_actions_in_flight", "Actions that run right now.", labels=["host"])
    waiting = Gauge("trimtab_host_waiting", "Things that wait, for back-off or a rollout.", labels=["host"])
    for host in hosts:
        seen.add_metric([host.name], host.seen)
        settled.add_metric([host.name], host.settled)
        wanted.add_metric([host.name], host.wanted)
        flight.add_metric([host.name], len(host.in_flight))
        waiting.add_metric([host.name], len(host.waiting))
    yield from (seen, settled, wanted, flight, waiting)
    yield from _disks(hosts)


def _disks(hosts: tuple[HostState, ...]) -> Iterator[Metric]:
    labels = ["host", "disk"]
    size = Gauge("trimtab_host_disk_size_bytes", "The disk that images or pods are on.", labels=labels)
    used = Gauge("trimtab_host_disk_used_bytes", "What is used of it, as last measured.", labels=labels)
    for host in hosts:
        for name, disk in sorted(host.disks.items()):
            size.add_metric([host.name, name], disk.size_bytes)
            used.add_metric([host.name, name], disk.used_bytes)
    yield from (size, used)


def _work(metrics: Metrics) -> Iterator[Metric]:
    found = Counter("trimtab_drift_found", "Drift seen, by the rule that saw it.", labels=["rule"])
    for rule, count in sorted(metrics.drift_found.items()):
        found.add_metric([rule], count)
    repaired = Counter("trimtab_drift_repaired", "Drift repaired, by the rule that saw it.", labels=["rule"])
    for rule, count in sorted(metrics.drift_repaired.items()):
        repaired.add_metric([rule], count)
    actions = Counter("trimtab_actions", "Actions that ended, by verb and result.", labels=["verb", "result"])
    for (verb, result), count in sorted(metrics.actions.items()):
        actions.add_metric([verb, result], count)
    chores = Counter("trimtab_chores", "Cleaning up that ended, by chore and result.", labels=["chore", "result"])
    for (chore, result), count in sorted(metrics.chores.items()):
        chores.add_metric([chore, result], count)
    yield Counter("trimtab_freed_bytes", "What cleaning up freed on disks.", metrics.freed_bytes)
    probes = Counter("trimtab_probes", "Checks made, by kind of probe and result.", labels=["probe", "result"])
    for (kind, result), count in sorted(metrics.probes.items()):
        probes.add_metric([kind, result], count)
    took = Summary("trimtab_probe_seconds", "Time that checks took, by kind of probe.", labels=["probe"])
    for kind, seconds in sorted(metrics.probe_seconds.items()):
        made = sum(count for (of, _), count in metrics.probes.items() if of == kind)
        took.add_metric([kind], count_value=made, sum_value=seconds)
    stages = Summary("trimtab_stage_seconds", "Time spent in each stage of a pass.", labels=["stage"])
    for stage, seconds in sorted(metrics.seconds.items()):
        stages.add_metric([stage], count_value=metrics.passes.get(stage, 0), sum_value=seconds)
    yield from (found, repaired, actions, probes, took, chores, stages)
    yield Gauge("trimtab_queue_depth", "Actions planned and not ended, over all hosts.", metrics.queue_depth)
