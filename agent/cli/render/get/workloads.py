from collections.abc import Mapping
from typing import Final

from agent.cli.render.get.columns import MESSAGE, NAME, Column, Entry, status, told
from agent.model.kindstatus import DaemonSetStatus, ReplicaSetStatus
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet

_READY: Final = Column(title="READY", cell=status(lambda found: f"{found.ready}/{found.wanted}"))
_PHASE: Final = Column(title="STATUS", cell=status(lambda found: found.phase))
_WANTED: Final = Column(title="DESIRED", cell=status(lambda found: str(found.wanted)))


def _images(entry: Entry, _now: float) -> str:
    if not isinstance(entry.body, Deployment | ReplicaSet | StatefulSet | DaemonSet):
        return ""
    return ",".join(container.image for container in entry.body.spec.template.spec.containers)


_IMAGES: Final = Column(title="IMAGES", cell=_images, wide=True)


def _node_selector(entry: Entry, _now: float) -> str:
    if not isinstance(entry.body, DaemonSet):
        return ""
    selector = entry.body.spec.template.spec.node_selector
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "<none>"


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "Deployment": (
        NAME,
        _READY,
        Column(title="UP-TO-DATE", cell=status(lambda found: str(found.updated))),
        Column(title="AVAILABLE", cell=status(lambda found: str(found.available))),
        _PHASE,
        _IMAGES,
        MESSAGE,
    ),
    "ReplicaSet": (
        NAME,
        _WANTED,
        Column(title="CURRENT", cell=told(ReplicaSetStatus, lambda found: str(found.replicas))),
        Column(title="READY", cell=status(lambda found: str(found.ready))),
        _PHASE,
        _IMAGES,
        MESSAGE,
    ),
    "StatefulSet": (
        NAME,
        _READY,
        Column(title="UP-TO-DATE", cell=status(lambda found: str(found.updated))),
        _PHASE,
        _IMAGES,
        MESSAGE,
    ),
    "DaemonSet": (
        NAME,
        _WANTED,
        Column(title="CURRENT", cell=told(DaemonSetStatus, lambda found: str(found.current_number_scheduled))),
        Column(title="READY", cell=status(lambda found: str(found.ready))),
        Column(title="UP-TO-DATE", cell=told(DaemonSetStatus, lambda found: str(found.updated_number_scheduled))),
        Column(title="AVAILABLE", cell=status(lambda found: str(found.available))),
        Column(title="NODE SELECTOR", cell=_node_selector),
        _PHASE,
        _IMAGES,
        MESSAGE,
    ),
}
