"""``trimtab rollout``: one file a subject; each verb of it is registered here."""

import typer

from agent.cli.verbs.rollout.history import history
from agent.cli.verbs.rollout.status import status
from agent.cli.verbs.rollout.steering import pause, restart, resume
from agent.cli.verbs.rollout.undo import undo

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Follow, list and steer rollouts.")


@app.callback()
def rollout() -> None:
    """Follow, list and steer rollouts. What changes anything edits the source, commits and pushes."""


for _verb in (status, history, undo, restart, pause, resume):
    app.command()(_verb)
