from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.running.approvals import leave_approval
from agent.cli.running.published import read_published
from agent.journal.file_journal import FileJournal
from agent.journal.lock import StateLock, holder_of
from agent.ports import Permanent

app = typer.Typer(add_completion=False)

_SHORTEST = 4


@app.command()
def approve(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="The held revision, or its first characters.")],
    config: options.Config = None,
) -> None:
    """Let a revision through that the prune guard holds back because it would remove too many pods."""
    settings = open_config(config)
    state_dir = Path(settings.spec.state_dir)
    if holder_of(state_dir) is None:
        with StateLock(state_dir, settings.metadata.name):
            journal = FileJournal(state_dir)
            state = journal.load()
            held = named(revision, state.held)
            journal.save(replace(state, approved=tuple(sorted({*state.approved, held}))))
        typer.echo(f"Approved {held[:12]}. The next `trimtab apply`, or the agent, takes it.")
        return
    published = read_published(state_dir)
    held = named(revision, published[0].fleet.held if published else "")
    leave_approval(state_dir, held)
    typer.echo(f"Approved {held[:12]}. The agent takes it now.")


def named(given: str, held: str) -> str:
    """Return the held revision that is meant. Raises Permanent when another one, or none, is held."""
    if not held:
        raise Permanent("no revision is held back", hint="see `trimtab status` for what is in force")
    if len(given) < _SHORTEST or not held.startswith(given.lower()):
        raise Permanent(f"{given!r} is not held back; {held[:12]} is", hint=f"trimtab approve {held[:12]}")
    return held
