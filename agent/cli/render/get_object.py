"""``trimtab get -o yaml`` and ``-o json``: objects as Kubernetes writes them, with their status."""

import json
import time
from collections.abc import Sequence
from io import StringIO
from typing import Any

import msgspec
from ruamel.yaml import YAML

from agent.cli.render.get import Entry
from agent.model.objects import Secret
from agent.model.status import ContainerStatus, ObjectStatus, PodStatus

_HIDDEN = "(hidden)"


def render_json(entries: Sequence[Entry], *, single: bool) -> str:
    """Return one object, or a List; all but ASCII escaped."""
    return json.dumps(_document(entries, single=single), indent=2)


def render_yaml(entries: Sequence[Entry], *, single: bool) -> str:
    """Return one object, or a List."""
    text = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # typed None, made to be set
    yaml.allow_unicode = False
    yaml.dump(_document(entries, single=single), text)
    return text.getvalue().rstrip("\n")


def _document(entries: Sequence[Entry], *, single: bool) -> dict[str, Any]:
    if single:
        return _object(entries[0])
    return {"apiVersion": "v1", "kind": "List", "items": [_object(entry) for entry in entries]}


def _object(entry: Entry) -> dict[str, Any]:
    if entry.pod is not None:
        return _pod(entry.pod)
    written = _written(entry)
    if isinstance(entry.body, Secret):
        keys = sorted({*entry.body.data, *entry.body.string_data})
        written = {**written, "data": dict.fromkeys(keys, _HIDDEN)}
        written.pop("stringData", None)
    head: dict[str, Any] = {name: written.pop(name) for name in ("apiVersion", "kind", "metadata") if name in written}
    return {**head, **written, **_status(entry.status)}


def _written(entry: Entry) -> dict[str, Any]:
    if entry.body is None:  # what another object made: a job of a CronJob
        kind = entry.status.key.kind if entry.status else ""
        return {"kind": kind, "metadata": {"name": entry.name, "namespace": entry.namespace}}
    said: dict[str, Any] = _said(msgspec.to_builtins(entry.body))
    return said


def _said(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Leave out what an object does not say: nulls, and empty maps, lists and texts."""
    if isinstance(value, dict):
        return {name: said for name, part in value.items() if (said := _said(part)) not in (None, {}, [], "")}
    if isinstance(value, list | tuple):
        return [_said(part) for part in value]
    return value


def _status(status: ObjectStatus | None) -> dict[str, Any]:
    """Return ``status`` with what trimtab says of an object, and what Kubernetes would; nothing where there is none."""
    if status is None or not (status.wanted or status.pods or status.status or status.message):
        return {}
    said = {"phase": status.phase, "reason": status.reason, "message": status.message}
    return {"status": {**{name: text for name, text in said.items() if text}, **_counts(status)}}


def _counts(status: ObjectStatus) -> dict[str, Any]:
    if status.status is None:
        return {
            "replicas": status.wanted,
            "updatedReplicas": status.updated,
            "readyReplicas": status.ready,
            "availableReplicas": status.available,
        }
    told: dict[str, Any] = msgspec.to_builtins(status.status)
    del told["kind"]
    times = {name: value for name, value in told.items() if name.endswith("Time")}
    told = {name: value for name, value in told.items() if name not in times}
    told |= {name: _moment(at) for name, at in times.items() if at}  # 0: it has not happened
    if "conditions" in told:
        told["conditions"] = [_condition(one) for one in told["conditions"]]
    return told


def _condition(told: dict[str, Any]) -> dict[str, Any]:
    since = told.pop("since", 0.0)
    return {**told, **({"lastTransitionTime": _moment(since)} if since else {})}


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _pod(pod: PodStatus) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod.key.name, "namespace": pod.key.namespace},
        "spec": {"nodeName": pod.host},
        "status": {
            "phase": pod.phase,
            **({"reason": pod.reason} if pod.reason else {}),
            **({"message": pod.message} if pod.message else {}),
            "podIPs": [{"ip": address} for address in pod.ips],
            "containerStatuses": [_container(container) for container in pod.containers],
        },
    }


def _container(container: ContainerStatus) -> dict[str, Any]:
    state: dict[str, Any] = {"reason": container.reason, "message": container.message}
    if container.state == "terminated":
        state["exitCode"] = container.exit_code
    return {
        "name": container.name,
        "image": container.image,
        "imageID": container.image_ref,
        "ready": container.ready,
        "restartCount": container.restarts,
        "state": {container.state: {name: value for name, value in state.items() if value != ""}},
    }
