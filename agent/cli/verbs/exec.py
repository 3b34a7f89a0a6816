import sys
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_pods
from agent.cli.config import open_config
from agent.cli.reach.inside import run_inside
from agent.cli.reach.pod import reach
from agent.ports import Permanent

app = typer.Typer(add_completion=False)


@app.command(name="exec")
def execute(
    pod: Annotated[
        str,
        typer.Argument(metavar="POD", help="A pod; or deployment/NAME: one of its.", autocompletion=complete_pods),
    ],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND…", help="What to run, behind `--`.")],
    *,
    container: options.Container = None,
    stdin: Annotated[bool, typer.Option("--stdin", "-i", help="Pass standard input on.")] = False,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give it a terminal.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what the command prints.")] = False,
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """Run a command in a container of a pod. The exit code is the command's."""
    if not any(command):
        raise Permanent("there is no command to run", hint=f"trimtab exec {pod} -- COMMAND")
    terminal = stdin and tty
    if terminal and not sys.stdin.isatty():
        terminal = False
        if not quiet:
            typer.echo("Unable to use a TTY - input is not a terminal or the right kind of file", err=True)
    with reach(open_config(config), pod, namespace) as reached:
        code = run_inside(reached.host, reached.running(container).id, command, stdin=stdin, tty=terminal)
    if code and not quiet:
        typer.echo(f"command terminated with exit code {code}", err=True)
    raise typer.Exit(code)
