"""One object with all that is known of it, and which file describes its kind."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.cli.render.describe import batch, config, host, pod, policies, storage, workloads
from agent.cli.render.describe.lines import block, headed, mapped, moment, shown
from agent.cli.render.describe.told import Subject
from agent.cli.render.words import waits
from agent.ports import Event

__all__ = ["Subject", "render"]

_KINDS: Final[Mapping[str, Callable[[Subject], list[str]]]] = {
    "Pod": pod.lines,
    "Deployment": workloads.lines,
    "ReplicaSet": workloads.lines,
    "StatefulSet": workloads.lines,
    "DaemonSet": workloads.lines,
    "Job": batch.job,
    "CronJob": batch.cron_job,
    "HorizontalPodAutoscaler": policies.autoscaler,
    "PodDisruptionBudget": policies.budget,
    "PriorityClass": policies.priority_class,
    "ResourceQuota": policies.quota,
    "LimitRange": policies.limit_range,
    "Host": host.lines,
    "ConfigMap": config.config_map,
    "Secret": config.secret,
    "RuntimeClass": config.runtime_class,
    "PersistentVolumeClaim": storage.claim,
    "PersistentVolume": storage.volume,
    "StorageClass": storage.storage_class,
}


def render(subject: Subject) -> str:
    """Return the whole description."""
    own = _KINDS[subject.key.kind](subject) if subject.key.kind in _KINDS else []
    return "\n".join([*_head(subject), *own, *_why(subject), *_events(subject)])


def _head(subject: Subject) -> list[str]:
    key, metadata = subject.key, subject.metadata
    return block(
        [
            ("Name", key.name),
            *([("Namespace", key.namespace)] if key.namespace else []),
            ("Declared", subject.declared_at),
            ("Labels", mapped(metadata.labels) if metadata else []),
            ("Annotations", mapped(metadata.annotations, between=": ") if metadata else []),
        ]
    )


def _why(subject: Subject) -> list[str]:
    return ["Waits:", *(f"  {waits(waiting, subject.now)}" for waiting in subject.waiting)] if subject.waiting else []


def _events(subject: Subject) -> list[str]:
    if not subject.events:
        return headed("Events", [])
    rows = [
        f"  {event.type:8} {event.reason:16} {moment(event.at, subject.now)}  {_about(event, subject)}"
        for event in subject.events
    ]
    return ["Events:", *rows]


def _about(event: Event, subject: Subject) -> str:
    """Return what an event says, and of what where that is not what is described: of a host's pods, say."""
    own = event.object in {"", str(subject.key)} or subject.pod is not None
    message = event.message.removeprefix(f"{event.host}: ") if event.host else event.message
    return shown(message if own else f"{event.object}: {message}")
