"""Options that several verbs share, so that they are spelled and explained the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.complete import complete_containers, complete_hosts

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The agent's configuration. (default: $TRIMTAB_CONFIG, else /etc/trimtab/agent.yaml)",
        show_default=False,
    ),
]
Revision = Annotated[
    str | None,
    typer.Option("--revision", metavar="REF", help="A commit, branch or tag, instead of the configured one."),
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="NAME", help="Only this host; may be given again.", autocompletion=complete_hosts),
]
Namespace = Annotated[str, typer.Option("--namespace", "-n", metavar="NAME", help="The namespace.")]
Container = Annotated[
    str | None,
    typer.Option(
        "--container", "-c", metavar="NAME", help="Which one, in a pod of several.", autocompletion=complete_containers
    ),
]
Selector = Annotated[
    str | None, typer.Option("--selector", "-l", metavar="SELECTOR", help="Only with these labels: app=web,tier!=db.")
]
