"""``trimtab diff -o markdown``: for the comment on a pull request."""

import re
from collections.abc import Iterator

from agent.cli.render.escape import printable, shortened
from agent.cli.render.report import DiffReport, HostReport
from agent.cli.render.words import INFINITIVES, because, consequence, counted, held_back, summary, waits
from agent.model.action import Action

_MEANINGFUL = re.compile(r"([\\`*_\[\]<>|~])")


def render(report: DiffReport) -> str:
    """Return the report: the sum first, then a section for each host that is not as declared."""
    return "\n".join(_lines(report))


def _lines(report: DiffReport) -> Iterator[str]:
    yield f"**{_text(summary(report))}**"
    if held := held_back(report):
        yield ""
        yield f"> {_text(held)}"
    for host in report.hosts:
        if host.unseen is not None or host.plan.actions or host.plan.waiting:
            yield ""
            yield from _host(host, report)
    if report.waits_elsewhere:
        yield ""
        yield "### Waiting"
        yield ""
        yield from (f"- {_text(waits(waiting, report.now))}" for waiting in report.waits_elsewhere)


def _host(host: HostReport, report: DiffReport) -> Iterator[str]:
    if host.unseen is not None:
        yield f"### {_text(host.host)}: cannot be seen"
        yield ""
        yield f"> {_text(host.unseen)}"
        return
    yield f"### {_text(host.host)}: {counted(len(host.plan.actions), 'change')}"
    for action in host.plan.actions:
        yield ""
        yield from _action(action, report)
    if host.plan.waiting:
        yield ""
        yield from (f"- {_text(waits(waiting, report.now))}" for waiting in host.plan.waiting)


def _action(action: Action, report: DiffReport) -> Iterator[str]:
    before = report.predecessors.get(action.pod)
    place = f", in the place of {_code(str(before))}" if action.verb == "create" and before else ""
    yield f"**{INFINITIVES[action.verb]}** {_code(str(action.pod))}{place}"
    if effect := consequence(action):
        yield f"({_text(effect)})"
    yield ""
    yield f"{_text(because(action.cause, report.now))}"
    if action.images:
        yield f"pulls {', '.join(_code(image) for image in action.images)}"
    if action.differences:
        yield ""
        yield "| field | live | desired |"
        yield "|---|---|---|"
        for difference in action.differences:
            cells = (difference.path, difference.live, difference.desired)
            yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _text(text: str) -> str:
    return _MEANINGFUL.sub(r"\\\1", printable(text))


def _cell(text: str | None) -> str:
    # GitHub splits cells before it reads code spans, so a bar needs its backslash even inside one.
    return _code(text).replace("|", r"\|") if text is not None else ""


def _code(text: str) -> str:
    shown = shortened(text) or '""'
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    if not longest:
        return f"`{shown}`"
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}"
