from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.cli.render.get.columns import NAME, Cell, Column
from agent.model.duration import format_duration
from agent.model.status import ContainerStatus, PodStatus

_WORDS: Final = {"Succeeded": "Completed", "Failed": "Error"}
"""What kubectl says of a pod that ended and gives no reason."""


def _pod(cell: Callable[[PodStatus, float], str]) -> Cell:
    return lambda entry, now: cell(entry.pod, now) if entry.pod else ""


def _lasting(pod: PodStatus) -> Sequence[ContainerStatus]:
    """Return the containers that are to run on: sidecars count as kubectl counts them."""
    return (*(one for one in pod.init_containers if one.role == "sidecar"), *pod.containers)


def _restarts(pod: PodStatus, now: float) -> str:
    count = sum(container.restarts for container in _lasting(pod))
    newest = max((container.since for container in _lasting(pod) if container.restarts), default=0.0)
    return f"{count} ({format_duration(now - newest)} ago)" if count and newest else str(count)


def _age(pod: PodStatus, now: float) -> str:
    return format_duration(now - pod.created_at) if pod.created_at else ""


def _ready(pod: PodStatus, _now: float) -> str:
    every = _lasting(pod)
    return f"{sum(container.ready for container in every)}/{len(every)}"


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "Pod": (
        NAME,
        Column(title="READY", cell=_pod(_ready)),
        Column(title="STATUS", cell=_pod(lambda pod, _now: pod.reason or _WORDS.get(pod.phase, pod.phase))),
        Column(title="RESTARTS", cell=_pod(_restarts)),
        Column(title="AGE", cell=_pod(_age)),
        Column(title="HOST", cell=_pod(lambda pod, _now: pod.host)),
        Column(title="IP", cell=_pod(lambda pod, _now: ",".join(pod.ips)), wide=True),
        Column(title="OWNER", cell=_pod(lambda pod, _now: str(pod.owner)), wide=True),
        Column(title="MESSAGE", cell=_pod(lambda pod, _now: pod.message), wide=True),
    ),
}
