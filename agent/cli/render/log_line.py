"""A container's line as ``trimtab logs`` prints it."""

import zlib
from typing import Final

from agent.cli.render.escape import log_text, printable
from agent.cli.render.paint import Paint, Role
from agent.hosts.logs import LogLine
from agent.model.value import Value

_COLOURS: Final[tuple[Role, ...]] = ("update", "good", "replace", "strong", "remove")


class LogStyle(Value, frozen=True, kw_only=True):
    """How lines are printed: ``raw`` as they were written, for files and pipes; a terminal is not to be steered."""

    prefix: bool
    timestamps: bool
    raw: bool
    paint: Paint

    def text(self, label: str, line: LogLine) -> str:
        """Return one line; ``label`` says whose it is, each in a colour of its own."""
        colour = _COLOURS[zlib.crc32(label.encode()) % len(_COLOURS)]
        whose = f"{self.paint(f'[{printable(label)}]', colour)} " if self.prefix else ""
        when = f"{printable(line.time)} " if self.timestamps else ""
        return f"{whose}{when}{line.text if self.raw else log_text(line.text)}"
