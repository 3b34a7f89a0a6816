"""``trimtab get`` as a table: kubectl's columns, so that habits and scripts carry over."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.cli.render.table import table
from agent.model.duration import format_duration
from agent.model.objects import ConfigMap, Deployment, Host, Secret
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.fleet import AnyObject
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.storage import PersistentVolume, StorageClass
from agent.model.status import ObjectStatus, PodStatus
from agent.model.value import Value
from agent.reconciler import HostState


class Entry(Value, frozen=True, kw_only=True):
    """One line: a pod, or a declared object with what became of it."""

    namespace: str
    name: str
    pod: PodStatus | None = None
    body: AnyObject | None = None
    status: ObjectStatus | None = None
    host: HostState | None = None
    host_pods: tuple[PodStatus, ...] = ()


class Column(Value, frozen=True, kw_only=True):
    """A column's title, how its cells are made, and whether only ``-o wide`` shows it."""

    title: str
    cell: Callable[[Entry, float], str]
    wide: bool = False


def render(kind: str, entries: Sequence[Entry], *, now: float, wide: bool, namespaces: bool) -> str:
    """Return the table of one kind; ``namespaces`` adds the column for all of them."""
    columns = [column for column in _COLUMNS[kind] if wide or not column.wide]
    titles = [*(["NAMESPACE"] if namespaces else []), *(column.title for column in columns)]
    rows = [
        [*([entry.namespace] if namespaces else []), *(column.cell(entry, now) for column in columns)]
        for entry in entries
    ]
    return "\n".join(table(titles, rows))


def _pod(cell: Callable[[PodStatus, float], str]) -> Callable[[Entry, float], str]:
    return lambda entry, now: cell(entry.pod, now) if entry.pod else ""


def _restarts(pod: PodStatus, now: float) -> str:
    count = sum(container.restarts for container in pod.containers)
    newest = max((container.since for container in pod.containers if container.restarts), default=0.0)
    return f"{count} ({format_duration(now - newest)} ago)" if count and newest else str(count)


def _age(pod: PodStatus, now: float) -> str:
    return format_duration(now - pod.created_at) if pod.created_at else ""


def _ready_containers(pod: PodStatus, _now: float) -> str:
    return f"{sum(container.ready for container in pod.containers)}/{len(pod.containers)}"


def _deployment(cell: Callable[[ObjectStatus], str]) -> Callable[[Entry, float], str]:
    return lambda entry, _now: cell(entry.status) if entry.status else ""


def _images(entry: Entry, _now: float) -> str:
    if not isinstance(entry.body, Deployment):
        return ""
    return ",".join(container.image for container in entry.body.spec.template.spec.containers)


def _host_status(entry: Entry, _now: float) -> str:
    if entry.host is None:
        return "Unknown"
    cordoned = ",SchedulingDisabled" if isinstance(entry.body, Host) and entry.body.spec.unschedulable else ""
    return ("Ready" if entry.host.seen else "Refused" if entry.host.refused else "Unseen") + cordoned


def _host_pods(entry: Entry, _now: float) -> str:
    wanted = entry.host.wanted if entry.host else len(entry.host_pods)
    return f"{sum(pod.ready for pod in entry.host_pods)}/{wanted}"


def _address(entry: Entry, _now: float) -> str:
    if not isinstance(entry.body, Host):
        return ""
    ssh = entry.body.spec.ssh
    return ssh.address if ssh else "local"


def _keys(entry: Entry, _now: float) -> str:
    match entry.body:
        case ConfigMap() as body:
            return str(len({*body.data, *body.binary_data}))
        case Secret() as body:
            return str(len({*body.data, *body.string_data}))
        case _:
            return ""


def _modes(modes: Sequence[str]) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(mode, mode) for mode in modes)


def _claim(cell: Callable[[PersistentVolumeClaim, ObjectStatus | None], str]) -> Callable[[Entry, float], str]:
    return lambda entry, _now: cell(entry.body, entry.status) if isinstance(entry.body, PersistentVolumeClaim) else ""


def _volume(cell: Callable[[PersistentVolume, ObjectStatus | None], str]) -> Callable[[Entry, float], str]:
    return lambda entry, _now: cell(entry.body, entry.status) if isinstance(entry.body, PersistentVolume) else ""


def _class(cell: Callable[[StorageClass], str]) -> Callable[[Entry, float], str]:
    return lambda entry, _now: cell(entry.body) if isinstance(entry.body, StorageClass) else ""


def _is_default(storage_class: StorageClass) -> bool:
    return storage_class.metadata.annotations.get("storageclass.kubernetes.io/is-default-class") == "true"


def _word(status: ObjectStatus | None) -> str:
    return (status.reason or status.phase) if status else ""


def _host_age(entry: Entry, now: float) -> str:
    return format_duration(now - entry.host.since) if entry.host and entry.host.seen and entry.host.since else ""


_NAME: Final = Column(title="NAME", cell=lambda entry, _now: entry.name)

_COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "Pod": (
        _NAME,
        Column(title="READY", cell=_pod(_ready_containers)),
        Column(title="STATUS", cell=_pod(lambda pod, _now: pod.reason or pod.phase)),
        Column(title="RESTARTS", cell=_pod(_restarts)),
        Column(title="AGE", cell=_pod(_age)),
        Column(title="HOST", cell=_pod(lambda pod, _now: pod.host)),
        Column(title="IP", cell=_pod(lambda pod, _now: ",".join(pod.ips)), wide=True),
        Column(title="OWNER", cell=_pod(lambda pod, _now: str(pod.owner)), wide=True),
        Column(title="MESSAGE", cell=_pod(lambda pod, _now: pod.message), wide=True),
    ),
    "Deployment": (
        _NAME,
        Column(title="READY", cell=_deployment(lambda status: f"{status.ready}/{status.wanted}")),
        Column(title="UP-TO-DATE", cell=_deployment(lambda status: str(status.updated))),
        Column(title="AVAILABLE", cell=_deployment(lambda status: str(status.available))),
        Column(title="STATUS", cell=_deployment(lambda status: status.phase)),
        Column(title="IMAGES", cell=_images, wide=True),
        Column(title="MESSAGE", cell=_deployment(lambda status: status.message), wide=True),
    ),
    "Host": (
        _NAME,
        Column(title="STATUS", cell=_host_status),
        Column(title="PODS", cell=_host_pods),
        Column(
            title="CONTAINERD",
            cell=lambda entry, _now: entry.host.facts.version if entry.host and entry.host.facts else "",
        ),
        Column(title="AGE", cell=_host_age),
        Column(title="ADDRESS", cell=_address, wide=True),
        Column(title="MESSAGE", cell=lambda entry, _now: entry.host.reason if entry.host else "", wide=True),
    ),
    "ConfigMap": (_NAME, Column(title="DATA", cell=_keys)),
    "Secret": (
        _NAME,
        Column(title="TYPE", cell=lambda entry, _now: entry.body.type if isinstance(entry.body, Secret) else ""),
        Column(title="DATA", cell=_keys),
    ),
    "Namespace": (_NAME, Column(title="STATUS", cell=lambda _entry, _now: "Active")),
    "PersistentVolumeClaim": (
        _NAME,
        Column(title="STATUS", cell=_claim(lambda _claim, status: _word(status))),
        Column(title="VOLUME", cell=_claim(lambda claim, _status: claim.spec.volume_name)),
        Column(
            title="REQUEST", cell=_claim(lambda claim, _status: str(claim.spec.resources.requests.get("storage", "")))
        ),
        Column(title="ACCESS MODES", cell=_claim(lambda claim, _status: _modes(claim.spec.access_modes))),
        Column(title="STORAGECLASS", cell=_claim(lambda claim, _status: claim.spec.storage_class_name or "")),
        Column(title="MESSAGE", cell=_claim(lambda _claim, status: status.message if status else ""), wide=True),
    ),
    "PersistentVolume": (
        _NAME,
        Column(title="CAPACITY", cell=_volume(lambda volume, _status: str(volume.spec.capacity.get("storage", "")))),
        Column(title="ACCESS MODES", cell=_volume(lambda volume, _status: _modes(volume.spec.access_modes))),
        Column(
            title="RECLAIM POLICY", cell=_volume(lambda volume, _status: volume.spec.persistent_volume_reclaim_policy)
        ),
        Column(title="STATUS", cell=_volume(lambda _volume, status: _word(status))),
        Column(
            title="CLAIM",
            cell=_volume(
                lambda volume, _status: (
                    f"{volume.spec.claim_ref.namespace}/{volume.spec.claim_ref.name}" if volume.spec.claim_ref else ""
                )
            ),
        ),
        Column(title="STORAGECLASS", cell=_volume(lambda volume, _status: volume.spec.storage_class_name)),
        Column(title="MESSAGE", cell=_volume(lambda _volume, status: status.message if status else ""), wide=True),
    ),
    "StorageClass": (
        Column(
            title="NAME",
            cell=_class(lambda one: one.metadata.name + (" (default)" if _is_default(one) else "")),
        ),
        Column(title="PROVISIONER", cell=_class(lambda one: one.provisioner)),
        Column(title="RECLAIMPOLICY", cell=_class(lambda one: one.reclaim_policy)),
        Column(title="VOLUMEBINDINGMODE", cell=_class(lambda one: one.volume_binding_mode)),
    ),
    "RuntimeClass": (
        _NAME,
        Column(
            title="HANDLER", cell=lambda entry, _now: entry.body.handler if isinstance(entry.body, RuntimeClass) else ""
        ),
    ),
}
