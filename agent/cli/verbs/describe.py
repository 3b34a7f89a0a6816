from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final

import typer

from agent.cli import options
from agent.cli.complete import complete_kinds, complete_named
from agent.cli.config import open_config
from agent.cli.kinds import CLUSTER_SCOPED, kind_named
from agent.cli.look.standing import fleet_in_force, standing
from agent.cli.reach.pod import find_pod
from agent.cli.render import describe as rendering
from agent.cli.render.describe import Subject
from agent.cli.render.status_report import StatusReport
from agent.cli.wiring import open_source
from agent.journal.events_file import read_events
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import Fleet
from agent.model.objects.job import Job
from agent.model.objects.meta import ObjectKey, ObjectMeta
from agent.model.objects.pod import Pod
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.model.plan import Waiting
from agent.model.status import PodStatus
from agent.ports import Event, Permanent

app = typer.Typer(add_completion=False)

_EVENTS_READ: Final = 5000
_EVENTS_SHOWN: Final = 20


@app.command()
def describe(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="pod, deployment, host, …; or KIND/NAME.", autocompletion=complete_kinds),
    ],
    name: Annotated[str | None, typer.Argument(metavar="NAME", autocompletion=complete_named)] = None,
    *,
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """Show one object: where it is declared, what it is, how it is, why it waits, and what happened to it.

    Of Secrets only the keys and their sizes are shown.
    """
    written, slash, rest = kind.partition("/")
    named = rest if slash else name
    if not named:
        raise Permanent(f"which {written}?", hint=f"trimtab describe {written} NAME")
    settings, key_kind = open_config(config), kind_named(written)
    report, fleet = standing(settings), fleet_in_force(settings, open_source(settings))
    events = read_events(Path(settings.spec.state_dir), _EVENTS_READ) if Path(settings.spec.state_dir).exists() else ()
    if key_kind == "Pod":
        subject = _pod(report, fleet, named, namespace, events)
    else:
        subject = _object(
            report,
            fleet,
            ObjectKey(kind=key_kind, namespace="" if key_kind in CLUSTER_SCOPED else namespace, name=named),
            events,
        )
    typer.echo(rendering.render(subject))


def _pod(report: StatusReport, fleet: Fleet, name: str, namespace: str, events: tuple[Event, ...]) -> Subject:
    pod = find_pod(report.snapshot.fleet.statuses, name, namespace, placed=False)
    declared = fleet.objects.get(pod.owner)
    spec, metadata = None, None
    match declared.body if declared else None:
        case Pod() as body:
            spec, metadata = body.spec, body.metadata
        case Deployment() | ReplicaSet() | StatefulSet() | DaemonSet() | Job() as body:
            template = body.spec.template
            spec = template.spec
            metadata = ObjectMeta(name=name, labels=template.metadata.labels, annotations=template.metadata.annotations)
        case _:
            pass
    return Subject(
        key=ObjectKey(kind="Pod", namespace=pod.key.namespace, name=pod.key.name),
        now=report.now,
        declared_at=_declared_at(fleet, pod.owner),
        metadata=metadata,
        spec=spec,
        pod=pod,
        waiting=tuple(
            waiting
            for waiting in _waiting(report)
            if waiting.pod == pod.key or (waiting.pod is None and waiting.object == pod.owner)
        ),
        events=_newest(event for event in events if event.object in _names(pod)),
    )


def _object(report: StatusReport, fleet: Fleet, key: ObjectKey, events: tuple[Event, ...]) -> Subject:
    declared = fleet.objects.get(key)
    status = next((one for one in report.snapshot.fleet.statuses if one.key == key), None)
    if declared is None and status is None:
        near = get_close_matches(key.name, [one.name for one in fleet.objects if one.kind == key.kind], n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else f"`trimtab get {key.kind.lower()} -A` lists all"
        raise Permanent(f"there is no {key}", hint=hint)
    on_host = key.kind == "Host"
    return Subject(
        key=key,
        now=report.now,
        declared_at=_declared_at(fleet, key),
        metadata=declared.body.metadata if declared else None,
        body=declared.body if declared else None,
        status=status,
        host=next((host for host in report.snapshot.hosts if on_host and host.name == key.name), None),
        pods=tuple(report.pods_of(key.name)) if on_host else status.pods if status else (),
        waiting=tuple(
            waiting
            for waiting in _waiting(report)
            if waiting.object == key
            or (on_host and waiting.host == key.name)
            or (status is not None and waiting.pod in {pod.key for pod in status.pods})
        ),
        events=_newest(event for event in events if (on_host and event.host == key.name) or event.object == str(key)),
    )


def _waiting(report: StatusReport) -> tuple[Waiting, ...]:
    return (*report.snapshot.fleet.waiting, *(waiting for host in report.snapshot.hosts for waiting in host.waiting))


def _newest(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(events)[-_EVENTS_SHOWN:]


def _names(pod: PodStatus) -> frozenset[str]:
    """Return what events call a pod."""
    return frozenset({str(pod.key), f"Pod {pod.key}"})


def _declared_at(fleet: Fleet, key: ObjectKey) -> str:
    declared = fleet.objects.get(key)
    if declared is None:
        return "not any more: it stays until what replaces it is there"
    return f"{declared.origin.file}:{declared.origin.line} @ {fleet.revision.short}"
