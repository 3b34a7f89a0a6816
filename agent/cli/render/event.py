"""Events, one line each."""

import time
from typing import Any

import msgspec

from agent.cli.render.escape import printable, shortened
from agent.cli.render.paint import Paint, plain
from agent.ports import Event

_LONGEST_MESSAGE = 2000


def event_line(event: Event, paint: Paint = plain) -> str:
    """Return one event as one line: when, what, where, and why."""
    when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(event.at))
    about = (event.object, event.host) if event.object or event.host else (event.revision[:12],)
    where = " on ".join(printable(part) for part in about if part)
    reason = f"{printable(event.reason):16}"
    told = event.message.removeprefix(f"{event.host}: ") if event.host else event.message
    said = shortened(told, _LONGEST_MESSAGE)
    line = f"{paint(reason, 'bad') if event.type == 'Warning' else reason}  {f'{where}: ' if where else ''}{said}"
    return f"{when}  {line}"


def event_json(event: Event) -> dict[str, Any]:
    """Return one event for JSON."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    return fields
