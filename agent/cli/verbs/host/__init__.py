"""``trimtab host``: one file a subject; each verb of it is registered here."""

import typer

from agent.cli.verbs.host.adding import add
from agent.cli.verbs.host.forgetting import forget

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Add hosts to the source, or give one up.")


@app.callback()
def host() -> None:
    """Add hosts to the source, or give one up."""


for _verb in (add, forget):
    app.command()(_verb)
