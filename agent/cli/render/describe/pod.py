from collections.abc import Iterator, Sequence

import msgspec

from agent.cli.render.describe.container import container_lines
from agent.cli.render.describe.lines import NONE, block, headed, mapped, moment
from agent.cli.render.describe.told import Subject
from agent.cli.render.table import table
from agent.model.objects.pod import PodSpec, Toleration, Volume
from agent.model.status import ContainerStatus, PodStatus


def lines(subject: Subject) -> list[str]:
    """Describe a pod: where and how it is, its containers, conditions and volumes."""
    pod = subject.pod
    if pod is None:
        return []
    spec = subject.spec
    return [
        *block(_state(pod, subject.now)),
        *(
            headed("Init Containers", _containers(pod.init_containers, spec, subject.now))
            if pod.init_containers
            else []
        ),
        *headed("Containers", _containers(pod.containers, spec, subject.now)),
        *headed("Conditions", _conditions(pod)),
        *headed("Volumes", [line for volume in (spec.volumes if spec else ()) for line in _volume(volume)]),
        *(block(_placing(spec)) if spec else []),
    ]


def _state(pod: PodStatus, now: float) -> Iterator[tuple[str, str | Sequence[str]]]:
    yield "Host", pod.host or NONE
    yield "Controlled By", NONE if pod.owner.kind == "Pod" else f"{pod.owner.kind}/{pod.owner.name}"
    yield "Start Time", moment(pod.started_at or pod.created_at, now) or NONE
    yield "Status", pod.phase
    if pod.reason:
        yield "Reason", pod.reason
    if pod.message:
        yield "Message", pod.message
    yield "IPs", pod.ips
    yield "QoS Class", pod.qos_class or NONE


def _containers(statuses: Sequence[ContainerStatus], spec: PodSpec | None, now: float) -> list[str]:
    written = {container.name: container for container in (spec.every_container if spec else ())}
    return [line for status in statuses for line in container_lines(status, written.get(status.name), now)]


def _conditions(pod: PodStatus) -> list[str]:
    if not pod.conditions:
        return []
    rows = [(each.type, each.status, each.reason, each.message) for each in pod.conditions]
    return [f"  {line}" for line in table(("Type", "Status", "Reason", "Message"), rows)]


def _volume(volume: Volume) -> list[str]:
    """Show a volume as it is written: kind and fields; no content is in it."""
    written = msgspec.to_builtins(volume)
    kind = next((name for name, value in written.items() if name != "name" and value is not None), "emptyDir")
    source = written.get(kind) or {}
    fields = [(name, _short(value)) for name, value in source.items() if value not in (None, "", [], (), {}, False)]
    return [f"  {volume.name}:", *block([("Type", kind), *fields], indent=4)]


def _short(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _placing(spec: PodSpec) -> Iterator[tuple[str, str | Sequence[str]]]:
    yield "Restart Policy", spec.restart_policy
    yield "Host-Selectors", mapped(spec.node_selector)
    yield "Tolerations", [_toleration(each) for each in spec.tolerations]


def _toleration(toleration: Toleration) -> str:
    written = msgspec.to_builtins(toleration)
    return ", ".join(f"{name}={value}" for name, value in written.items() if value not in (None, ""))
