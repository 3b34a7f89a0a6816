from collections.abc import Sequence
from typing import Any

import msgspec

from agent.cli.render.manifest.moment import moments
from agent.manifests.kinds import API_VERSIONS
from agent.model.status import ContainerStatus, PodStatus, Termination


def pod_manifest(pod: PodStatus) -> dict[str, Any]:
    """Return a pod: whose it is, where it is, and how it is. What it is to be stands in its owner."""
    status = {
        "phase": pod.phase,
        "reason": pod.reason,
        "message": pod.message,
        "podIP": pod.ips[0] if pod.ips else "",
        "podIPs": [{"ip": address} for address in pod.ips],
        "qosClass": pod.qos_class,
        **moments(startTime=pod.started_at or pod.created_at),
        "conditions": [_without_nothing(msgspec.to_builtins(one)) for one in pod.conditions],
        # Before there is a host, nobody has begun with any container.
        "containerStatuses": _containers(pod.containers) if pod.host else [],
        "initContainerStatuses": _containers(pod.init_containers) if pod.host else [],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod.key.name,
            "namespace": pod.key.namespace,
            **moments(creationTimestamp=pod.created_at),
            **_owner(pod),
        },
        **({"spec": {"nodeName": pod.host}} if pod.host else {}),
        "status": _without_nothing(status),
    }


def _owner(pod: PodStatus) -> dict[str, Any]:
    owner = pod.owner
    if owner.kind == "Pod":
        return {}
    reference = {"apiVersion": API_VERSIONS[owner.kind], "kind": owner.kind, "name": owner.name, "controller": True}
    return {"ownerReferences": [reference]}


def _without_nothing(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in ("", [])}


def _containers(statuses: Sequence[ContainerStatus]) -> list[dict[str, Any]]:
    return [_container(one) for one in statuses]


def _container(container: ContainerStatus) -> dict[str, Any]:
    return {
        "name": container.name,
        "image": container.image,
        "imageID": container.image_ref,
        "ready": container.ready,
        "started": container.started,
        "restartCount": container.restarts,
        "state": {container.state: _state(container)},
        "lastState": {"terminated": _terminated(container.last)} if container.last else {},
    }


def _state(container: ContainerStatus) -> dict[str, Any]:
    match container.state:
        case "running":
            return moments(startedAt=container.since)
        case "terminated":
            ended = Termination(
                exit_code=container.exit_code,
                reason=container.reason,
                message=container.message,
                finished_at=container.since,
            )
            return _terminated(ended)
        case _:
            return _without_nothing({"reason": container.reason, "message": container.message})


def _terminated(ended: Termination) -> dict[str, Any]:
    said = _without_nothing({"reason": ended.reason, "message": ended.message})
    times = moments(startedAt=ended.started_at, finishedAt=ended.finished_at)
    return {"exitCode": ended.exit_code, **said, **times}
