import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_pods
from agent.cli.config import open_config
from agent.cli.errors import complain
from agent.cli.look.standing import standing
from agent.cli.reach.following import Follower, Watch, follow_all
from agent.cli.reach.pod import Reached, connected, find_pod
from agent.cli.render.log_line import LogStyle
from agent.cli.selecting import label_matcher
from agent.cli.terminal import is_terminal, paint
from agent.hosts.logs import LogLine, seconds
from agent.model.duration import parse_duration
from agent.model.objects.agent import AgentConfig
from agent.model.observation import ContainerSeen
from agent.ports import Permanent, PortError

app = typer.Typer(add_completion=False)

_TAIL_OF_MANY = 10


@app.command()
def logs(
    pod: Annotated[
        str | None,
        typer.Argument(metavar="[POD]", help="A pod; or deployment/NAME: one of its.", autocompletion=complete_pods),
    ] = None,
    named: Annotated[str | None, typer.Argument(metavar="[CONTAINER]", help="Which one, as with -c.")] = None,
    *,
    container: options.Container = None,
    all_containers: Annotated[bool, typer.Option("--all-containers", help="Of all containers of the pod.")] = False,
    selector: options.Selector = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, over restarts too.")] = False,
    previous: Annotated[bool, typer.Option("--previous", "-p", help="Of the attempt before this one.")] = False,
    since: Annotated[str | None, typer.Option("--since", metavar="DURATION", help="Not older than this: 5m.")] = None,
    since_time: Annotated[
        str | None, typer.Option("--since-time", metavar="TIME", help="Not older than this: 2026-01-31T08:00:00Z.")
    ] = None,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="When each line was written.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", min=-1, metavar="N", help="Only the last N lines. (with -l: 10)")
    ] = None,
    prefix: Annotated[bool, typer.Option("--prefix", help="Which pod and container each line is of.")] = False,
    max_log_requests: Annotated[int, typer.Option("--max-log-requests", min=1, help="Logs followed at once.")] = 5,
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """Print what containers wrote. With -f it ends once they are gone for good.

    With -l, a host that does not answer is told, and left out (exit code 2).
    """
    if (pod is None) == (selector is None):
        raise Permanent("name a pod, or select some with -l", hint="trimtab logs POD, trimtab logs -l app=web")
    if selector is not None and tail is None:
        tail = _TAIL_OF_MANY
    settings, earliest = open_config(config), _earliest(since, since_time, time.time())
    with ExitStack() as connections:
        reached, lost = _reached(settings, pod, selector, namespace, connections)
        wanted = [
            (each, found)
            for each in reached
            for found in _containers(each, container or named, everything=all_containers)
        ]
        style = LogStyle(
            prefix=prefix or len(wanted) > 1,
            timestamps=timestamps,
            raw=not is_terminal(),
            paint=paint(),
        )
        lines = None if tail in (None, -1) else tail
        if follow and not previous:
            _check_number(len(wanted), max_log_requests)
            _follow(wanted, style, earliest, lines)
        else:
            _print(wanted, style, earliest, lines, previous=previous)
    if lost:
        raise typer.Exit(2)


def _earliest(since: str | None, since_time: str | None, now: float) -> float:
    """Return the time before which nothing is shown. Raises Permanent."""
    if since is not None and since_time is not None:
        raise Permanent("only one of --since-time / --since may be used")
    try:
        if since is not None:
            return now - parse_duration(since)
        return seconds(since_time.replace("Z", "+00:00")) if since_time else 0.0
    except ValueError as error:
        raise Permanent(
            f"{since or since_time!r} is no such time: {error}", hint="--since 5m, --since-time 2026-01-31T08:00:00Z"
        ) from None


def _reached(
    settings: AgentConfig, pod: str | None, selector: str | None, namespace: str, connections: ExitStack
) -> tuple[Sequence[Reached], Sequence[str]]:
    """Connect to the hosts of the pods that are meant, one connection a host. Raises PortError.

    With a selector a host that cannot be seen is said so and left out; the second part names those.
    """
    statuses = standing(settings).snapshot.fleet.statuses
    if pod is not None:
        pods = [find_pod(statuses, pod, namespace)]
    else:
        mine = (one for status in statuses if status.key.namespace == namespace for one in status.pods)
        pods = sorted((one for one in mine if one.host), key=lambda one: one.key)
    matches = label_matcher(selector)
    found: list[Reached] = []
    lost: list[str] = []
    for name in sorted({one.host for one in pods}):
        try:
            host = connections.enter_context(connected(settings, name))
            seen = host.observe()
        except PortError as error:
            if selector is None:
                raise
            complain(str(error), hint=error.hint)
            lost.append(name)
            continue
        labels = {(each.config.namespace, each.config.name): each.config.labels for each in seen.sandboxes}
        found += [
            Reached(host, one, settings.metadata.name, seen)
            for one in pods
            if one.host == name and (selector is None or _has(labels.get((one.key.namespace, one.key.name)), matches))
        ]
    if not found and not lost:
        typer.echo(f"No resources found in {namespace} namespace.", err=True)
    return found, lost


def _has(labels: Mapping[str, str] | None, matches: Callable[[Mapping[str, str]], bool]) -> bool:
    return labels is not None and matches(labels)


def _containers(reached: Reached, name: str | None, *, everything: bool) -> Iterator[ContainerSeen]:
    if not everything:
        yield reached.container(name)
        return
    there = {container.config.name for container in reached.containers}
    for status in (*reached.pod.init_containers, *reached.pod.containers):
        if status.name in there:
            yield reached.container(status.name)


def _check_number(number: int, most: int) -> None:
    if number > most:
        raise Permanent(
            f"you are attempting to follow {number} log streams, but maximum allowed concurrency is {most}",
            hint="use --max-log-requests to increase the limit",
        )


def _follow(
    wanted: Sequence[tuple[Reached, ContainerSeen]], style: LogStyle, earliest: float, tail: int | None
) -> None:
    watches: dict[str, Watch] = {}
    for reached, _ in wanted:
        if reached.host.name not in watches:
            watches[reached.host.name] = Watch(reached.host)
    follow_all(
        [
            Follower(
                watches[reached.host.name],
                reached.sandbox,
                container,
                tail,
                _shown(reached, container, style, earliest),
            )
            for reached, container in wanted
        ]
    )


def _shown(reached: Reached, container: ContainerSeen, style: LogStyle, earliest: float) -> Callable[[LogLine], None]:
    label = f"pod/{reached.pod.key.name}/{container.config.name}"

    def show(line: LogLine) -> None:
        if not earliest or seconds(line.time) >= earliest:
            typer.echo(style.text(label, line))

    return show


def _print(
    wanted: Sequence[tuple[Reached, ContainerSeen]],
    style: LogStyle,
    earliest: float,
    tail: int | None,
    *,
    previous: bool,
) -> None:
    for reached, container in wanted:
        show = _shown(reached, container, style, earliest)
        for line in reached.host.logs(
            reached.sandbox.config, _log_path(reached, container, previous=previous), tail=tail
        ):
            show(line)


def _log_path(reached: Reached, container: ContainerSeen, *, previous: bool) -> str:
    """Return which log is meant. Raises Permanent when there was no attempt before this one."""
    config = container.config
    if not previous:
        return config.log_path
    if not config.attempt:
        raise Permanent(f'previous terminated container "{config.name}" in pod "{reached.pod.key.name}" not found')
    return f"{config.name}/{config.attempt - 1}.log"
