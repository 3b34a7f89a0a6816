"""The agent's log: events as they happen, JSON when nobody watches, and never the content of a Secret."""

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

import structlog

from agent.cli.render.escape import printable
from agent.journal import FileJournal
from agent.ports import Event, State

_log: Final = structlog.get_logger()


def masked(_logger: object, _method: str, fields: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Replace everything that came from a Secret by its mask, however deep it is; a structlog processor."""
    return {name: _mask(value) for name, value in fields.items()}


def configure_log(stream: TextIO = sys.stderr) -> None:
    """Set up the log of this process: for people on a terminal, JSON for anything else."""
    shape: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            masked,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: _Writer(stream),
    )


class _Writer(structlog.WriteLogger):
    """Writes lines for as long as somebody takes them: a full disk, or a reader that is gone, ends no loop."""

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    debug = info = warning = error = msg


class LoggedJournal(FileJournal):
    """The state directory's journal, whose events are also written to the log.

    ``held`` raises PortError where the directory is not the agent's any more: nothing is saved there then.
    """

    def __init__(self, folder: Path, held: Callable[[], None] = lambda: None) -> None:
        super().__init__(folder)
        self._held = held

    def save(self, state: State) -> None:
        """Replace the saved state."""
        self._held()
        super().save(state)

    def record(self, event: Event) -> None:
        """Log an event, and append it: where the disk is full, the log is all that tells."""
        fields = {"object": event.object, "host": event.host, "revision": event.revision}
        log = _log.warning if event.type == "Warning" else _log.info
        log(event.message, reason=event.reason, **{name: value for name, value in fields.items() if value})
        super().record(event)


def _mask(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _mask(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask(entry) for entry in value]
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    # A Sensitive is its mask as text; values that hold one show it so in their repr.
    return printable(value if isinstance(value, str) else repr(value))
