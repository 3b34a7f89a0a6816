"""The command ``trimtab``: its verbs are imported when they run, not before, so that it starts fast."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from agent.cli import VERBS
from agent.cli.errors import complain
from agent.ports import PortError

INTERRUPTED = 128 + 2
"""Exit code after Ctrl-C, as shells give it (128 + SIGINT)."""
READER_GONE = 128 + 13
"""Exit code when the reader of a pipe has left (128 + SIGPIPE)."""


class LazyGroup(TyperGroup):
    """Lists verbs from their one-line helps; imports a verb's module when it is the one to run.

    typer (like click before it) asks ``get_command`` to list and ``resolve_command`` to run: the first gets
    placeholders, the second the real command.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's own settings, passed on as they come
        super().__init__(**settings)
        for name, verb in VERBS.items():
            self.add_command(TyperCommand(name, help=verb.help, rich_help_panel=verb.panel), name)

    def resolve_command(  # type: ignore[override] # typer names the private base of Context, and passes a Context
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """Return the verb to run, imported now."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, imported(name) if name else None, rest

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override] # same
        """Run the verb; whatever went wrong outside trimtab ends as two lines on standard error, not as a traceback."""
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
        except PortError as error:
            complain(str(error), hint=error.hint)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as interrupt:
            raise typer.Exit(INTERRUPTED) from interrupt
        except BrokenPipeError as gone:
            # Python flushes standard output once more at exit; without a reader that would complain again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(READER_GONE) from gone
        return result


app = typer.Typer(
    name="trimtab",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Hold plain containerd hosts to the Kubernetes manifests of a git repository, over SSH.",
)


def _print_version(asked: bool) -> None:
    if asked:
        imported("version")([])


@app.callback()
def trimtab(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            envvar="TRIMTAB_CONFIG",
            help="The agent's configuration, for any verb.",
            show_envvar=True,
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take ``--config`` in front of the verb as well as behind it.

    The environment is asked here only: asked by a verb, it would win over what stands in front of it.
    """
    if config is not None and ctx.invoked_subcommand is not None:
        given = {"config": str(config)}
        verb = imported(ctx.invoked_subcommand)
        nested = list(verb.commands) if isinstance(verb, TyperGroup) else []
        ctx.default_map = {ctx.invoked_subcommand: {**given, **dict.fromkeys(nested, given)}}


def imported(verb: str) -> TyperCommand | TyperGroup:
    """Import a verb's module and return its command."""
    module = import_module(f"agent.cli.verbs.{VERBS[verb].module}")
    real = typer.main.get_command(module.app)
    assert isinstance(real, TyperCommand | TyperGroup)  # noqa: S101 - nothing else comes out of a Typer
    return real
