"""What a dry run says once every host was looked at. It brings the planner, and is imported while they answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.cli.look.blaming import blame_plans
from agent.cli.look.succession import succession
from agent.cli.render import diff_json, diff_markdown, diff_text
from agent.cli.render.report import DiffReport, HostReport
from agent.cli.terminal import paint
from agent.model.objects.agent import Prune
from agent.model.observation import Unseen
from agent.model.plan import FleetInput, Waiting
from agent.planner.prune import prune_guard
from agent.planner.rehearsal import rehearse
from agent.ports import Source

RENDERERS: Final[Mapping[str, Callable[[DiffReport], str]]] = {
    "text": lambda report: diff_text.render(report, paint()),
    "json": diff_json.render,
    "markdown": diff_markdown.render,
}
"""By the form that was asked for."""


def compare(seen: FleetInput, source: Source, shown: Sequence[str], guard: Prune | None = None) -> DiffReport:
    """Rehearse what apply would do and lead every cause back to its line.

    With a ``guard``, the report says whether the agent would hold the revision back first.
    """
    rehearsal = rehearse(seen)
    held = prune_guard(seen, rehearsal.first, guard) if guard is not None else None
    rollouts = succession(rehearsal, seen)
    wanted = {name: rollouts.plans[name] for name in shown}
    plans = blame_plans(source, seen.fleet, wanted, rollouts.predecessors)
    reports = []
    for name, plan in plans.items():
        observation = seen.observations[name]
        unseen = observation.reason if isinstance(observation, Unseen) else None
        reports.append(HostReport(host=name, plan=plan, unseen=unseen))
    cut_short = Waiting(reason="runtime", message="this was too long to rehearse to its end; more will follow")
    waiting = rehearsal.waiting if rehearsal.finished else (*rehearsal.waiting, cut_short)
    return DiffReport(
        revision=seen.fleet.revision,
        now=seen.now,
        hosts=tuple(reports),
        waiting=waiting,
        predecessors=rollouts.predecessors,
        held=held.message if held is not None else "",
    )
