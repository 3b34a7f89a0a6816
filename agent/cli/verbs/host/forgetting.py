"""``trimtab host forget``: a person's word that a machine is off, after which nothing on it is waited for."""

from typing import Annotated, Any

import typer

from agent.cli import options
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.complete import complete_hosts
from agent.cli.config import open_config
from agent.cli.look.standing import standing
from agent.cli.terminal import confirmed
from agent.manifests.editing import intents
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey
from agent.ports import Permanent

_PROMISE = """\
This says that {host} is off, and that nothing on it runs any more. Pods of StatefulSets, and single Pods, are then
started on other hosts. If {host} only lost its network, two pods of one identity run at once and may write to the same
data: switch the machine off first.
"""


def forget(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_hosts)],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Say that an unseen host is off for good or for long: what was on it may start elsewhere, stateful pods too.

    Adds the taint node.kubernetes.io/out-of-service in the source, commits and pushes; `trimtab uncordon` removes it.
    Refused while the host is seen.
    """

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        return Wish(
            data=intents.forgotten(data),
            subject=f"Forget {declared.key}: it is off",
            done=f"host/{name} forgotten",
        )

    with refusals():
        settings = open_config(config)
        _refuse_seen(settings, name)
        if not yes and not dry_run:
            typer.echo(_PROMISE.format(host=name))
            if not confirmed(f"Is {name} off?"):
                raise Permanent(f"{name} may run: nothing is written", hint="switch it off first")
        key = ObjectKey(kind="Host", namespace="", name=name)
        if change(settings, key, wish, dry_run=dry_run, branch=branch):
            typer.echo(f"when it is back: trimtab uncordon {name}")


def _refuse_seen(settings: AgentConfig, name: str) -> None:
    hosts = {host.name: host for host in standing(settings).snapshot.hosts}
    state = hosts.get(name)
    if state is None:
        known = ", ".join(sorted(hosts)) or "none"
        raise Permanent(f"nobody has looked for a host {name!r} yet", hint=f"hosts that were looked for: {known}")
    if state.seen:
        raise Permanent(
            f"host {name} is seen: it is not off",
            hint=f"`trimtab drain {name}` moves its pods away; `trimtab cordon {name}` keeps new ones off",
        )
