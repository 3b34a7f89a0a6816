"""``trimtab diff`` for a person at a terminal."""

from collections.abc import Iterator, Mapping

from agent.cli.render.escape import printable, shortened
from agent.cli.render.paint import Paint, plain
from agent.cli.render.report import DiffReport, HostReport
from agent.cli.render.words import INFINITIVES, SIGNS, ago, because, consequence, counted, held_back, summary, waits
from agent.model.action import Action
from agent.model.difference import Difference

_WIDEST_PATH = 64


def render(report: DiffReport, paint: Paint = plain) -> str:
    """Return the whole report: hosts, what waits, and the plan's sum as the last line."""
    return "\n".join([*_lines(report, paint), paint(summary(report), "strong")])


def _lines(report: DiffReport, paint: Paint) -> Iterator[str]:
    yield _revision(report)
    yield ""
    for host in report.hosts:
        yield from _host(host, report, paint)
        yield ""
    if report.waits_elsewhere:
        yield paint("Waiting", "strong")
        yield from (f"  … {waits(waiting, report.now)}" for waiting in report.waits_elsewhere)
        yield ""
    if held := held_back(report):
        yield paint(held, "bad")
        yield ""


def _revision(report: DiffReport) -> str:
    revision = report.revision
    if revision.id == "worktree":
        return "Comparing the working folder, not committed yet, with what runs"
    by = f" ({printable(revision.author)}, {ago(revision.at, report.now)})" if revision.author else ""
    subject = f": {shortened(revision.subject, 72)}" if revision.subject else ""
    return f"Comparing revision {printable(revision.short)}{by}{subject} with what runs"


def _host(host: HostReport, report: DiffReport, paint: Paint) -> Iterator[str]:
    name = printable(host.host)
    if host.unseen is not None:
        yield paint(f"{name}: cannot be seen", "bad")
        yield f"    {printable(host.unseen)}"
        yield "    Nothing is known of what it runs, so nothing on it would be changed."
        return
    plan = host.plan
    if plan.actions:
        yield paint(f"{name}: {counted(len(plan.actions), 'change')}, {plan.unchanged} unchanged", "strong")
    else:
        yield f"{paint(name, 'strong')}: no changes, {plan.unchanged} unchanged"
    named = {action.id: f"{INFINITIVES[action.verb]} {action.pod}" for action in plan.actions}
    for action in plan.actions:
        yield from _action(action, named, report, paint)
    for waiting in plan.waiting:
        yield f"  … {waits(waiting, report.now)}"


def _action(action: Action, named: Mapping[str, str], report: DiffReport, paint: Paint) -> Iterator[str]:
    before = report.predecessors.get(action.pod)
    place = f", in the place of {printable(str(before))}" if action.verb == "create" and before else ""
    yield paint(f"  {SIGNS[action.verb]} {INFINITIVES[action.verb]} {printable(str(action.pod))}{place}", action.verb)
    width = min(max((len(difference.path) for difference in action.differences), default=0), _WIDEST_PATH)
    for difference in action.differences:
        yield f"      {printable(difference.path):{width}}  {_values(difference, paint)}"
    yield f"      {because(action.cause, report.now)}"
    if effect := consequence(action):
        yield f"      {effect}"
    if action.images:
        yield f"      pulls {', '.join(printable(image) for image in action.images)}"
    if earlier := [printable(named[other]) for other in action.after if other in named]:
        yield f"      after {', '.join(earlier)}"


def _values(difference: Difference, paint: Paint) -> str:
    live, desired = difference.live, difference.desired
    if live is None:
        return paint(_shown(desired or ""), "create")
    if desired is None:
        return paint(f"{_shown(live)} → (gone)", "remove")
    return f"{paint(_shown(live), 'remove')} → {paint(_shown(desired), 'create')}"


def _shown(value: str) -> str:
    return shortened(value) or '""'
