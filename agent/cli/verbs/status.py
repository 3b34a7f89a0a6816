from enum import StrEnum
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.look.standing import as_far_as_known
from agent.cli.render import status_json, status_text
from agent.cli.terminal import paint

app = typer.Typer(add_completion=False)


class Output(StrEnum):
    """How the status is shown."""

    text = "text"
    json = "json"


@app.command()
def status(
    output: Annotated[Output, typer.Option("--output", "-o", help="The form.")] = Output.text,
    config: options.Config = None,
) -> None:
    """Show the revision in force, what is refused or held and why, every host, and every object.

    Asks the running agent; without one, looks at the source and at every host itself.
    """
    report = as_far_as_known(open_config(config))
    typer.echo(status_json.render(report) if output is Output.json else status_text.render(report, paint()))
