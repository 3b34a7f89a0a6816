from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from agent.cli import options
from agent.cli.config import open_config
from agent.cli.look.everything import look_at, read_fleet
from agent.cli.render.table import table
from agent.cli.running.moving import leave_moves
from agent.cli.wiring import open_source, saved_state
from agent.journal.file_journal import FileJournal
from agent.journal.lock import StateLock, holder_of
from agent.model.objects.agent import AgentConfig
from agent.planner.disruption.rebalance import Move
from agent.planner.disruption.rebalance import rebalance as plan_moves
from agent.planner.fleet import plan_fleet

app = typer.Typer(add_completion=False)


@app.command()
def rebalance(
    most: Annotated[int, typer.Option("--most", min=1, help="How many pods to move at most.")] = 10,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--apply", help="Show the moves, or have the agent make them.")
    ] = True,
    config: options.Config = None,
) -> None:
    """Show the few moves of pods that help: off hosts that carry too much, or where a pod should not be any more.

    With --apply the agent makes them, as fast as disruption budgets allow. Nothing moves by itself otherwise.
    """
    settings = open_config(config)
    source = open_source(settings)
    source.fetch()
    fleet = read_fleet(source, source.resolve(saved_state(settings).in_force or None))
    seen = look_at(settings, fleet)
    moves = plan_moves(seen, plan_fleet(seen), most=most)
    if not moves:
        typer.echo("No move would help.")
        return
    rows = [(str(one.pod), one.host, one.target, one.why) for one in moves]
    typer.echo("\n".join(table(("POD", "FROM", "TO", "WHY"), rows)))
    typer.echo()
    typer.echo("Nothing was moved; `trimtab rebalance --apply` does it." if dry_run else _ask(settings, moves))


def _ask(settings: AgentConfig, moves: Sequence[Move]) -> str:
    """Have pods moved; return what comes of it."""
    state_dir, asked = Path(settings.spec.state_dir), {str(one.pod): one.host for one in moves}
    if holder_of(state_dir) is not None:
        leave_moves(state_dir, asked)
        return "The agent moves them now, as budgets allow; `trimtab status` shows what waits."
    with StateLock(state_dir, settings.metadata.name):
        journal = FileJournal(state_dir)
        state = journal.load()
        memory = replace(state.memory, asked={**state.memory.asked, **asked})
        journal.save(replace(state, memory=memory))
    return "The next `trimtab apply`, or the agent, moves them as budgets allow."
