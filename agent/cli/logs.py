from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_pods
from agent.cli.config import open_config
from agent.cli.kinds import kind_named
from agent.cli.looking import chosen, hosts_of
from agent.cli.render.escape import log_text
from agent.cli.standing import fleet_in_force, standing
from agent.cli.terminal import is_terminal
from agent.cli.wiring import open_host, open_source
from agent.model import labels
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.model.status import ObjectStatus, PodStatus
from agent.ports import Permanent

app = typer.Typer(add_completion=False)


@app.command()
def logs(
    pod: Annotated[
        str,
        typer.Argument(metavar="POD", help="A pod; or deployment/NAME: one of its.", autocompletion=complete_pods),
    ],
    *,
    namespace: options.Namespace = "default",
    container: Annotated[
        str | None, typer.Option("--container", "-c", metavar="NAME", help="Which one, in a pod of several.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", min=0, metavar="N", help="Only the last N lines.")] = None,
    config: options.Config = None,
) -> None:
    """Print what a pod's container wrote."""
    settings = open_config(config)
    found = find_pod(standing(settings).snapshot.fleet.statuses, pod, namespace)
    declared = chosen(hosts_of(fleet_in_force(settings, open_source(settings))), [found.host])[0]
    host = open_host(declared, settings)
    try:
        sandbox, seen = find_container(host.observe(), found, settings.metadata.name, container)
        as_is = not is_terminal()
        for line in host.logs(sandbox.config, seen.config.log_path, tail=tail, follow=follow):
            typer.echo(line.text if as_is else log_text(line.text))
    finally:
        host.close()


def find_pod(statuses: Sequence[ObjectStatus], written: str, namespace: str) -> PodStatus:
    """Return the pod that is meant: by its name, or the first running one of ``KIND/NAME``. Raises Permanent."""
    kind, slash, name = written.rpartition("/")
    owner = kind_named(kind) if slash else "Pod"
    pods = [
        pod
        for status in statuses
        if status.key.namespace == namespace
        for pod in status.pods
        if (pod.key.name == name if owner == "Pod" else (status.key.kind, status.key.name) == (owner, name))
    ]
    if not pods:
        known = sorted({pod.key.name for status in statuses for pod in status.pods if pod.key.namespace == namespace})
        near = get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else "`trimtab get pods -A` lists all"
        raise Permanent(f"there is no pod {written!r} in namespace {namespace}", hint=hint)
    return min(pods, key=lambda pod: (pod.phase != "Running", pod.key))


def find_container(seen: Seen, pod: PodStatus, agent: str, name: str | None) -> tuple[SandboxSeen, ContainerSeen]:
    """Return the pod's newest sandbox, and its newest container of that name. Raises Permanent."""
    sandboxes = [
        sandbox
        for sandbox in seen.sandboxes
        if (sandbox.config.namespace, sandbox.config.name) == (pod.key.namespace, pod.key.name)
        and sandbox.config.labels.get(labels.AGENT) == agent
    ]
    ids = {sandbox.id: sandbox for sandbox in sandboxes}
    containers = [container for container in seen.containers if container.sandbox_id in ids]
    names = sorted({container.config.name for container in containers})
    if not containers:
        why = f": {pod.reason or pod.phase} {pod.message}".rstrip()
        raise Permanent(f"pod {pod.key} has no container on {pod.host} yet{why}", hint="`trimtab status` says why")
    if name is None and len(names) > 1:
        raise Permanent(f"pod {pod.key} has several containers", hint=f"choose with -c: {', '.join(names)}")
    wanted = name or names[0]
    if wanted not in names:
        raise Permanent(f"pod {pod.key} has no container {wanted!r}", hint=f"it has: {', '.join(names)}")
    newest = max(
        (container for container in containers if container.config.name == wanted),
        key=lambda container: (container.created_at, container.config.attempt),
    )
    return ids[newest.sandbox_id], newest
