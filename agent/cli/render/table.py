"""Tables as kubectl prints them: columns by spaces, never cut, so that both eyes and awk can read them."""

from collections.abc import Sequence

from agent.cli.render.escape import printable

_GAP = "   "


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table; cells are made printable, empty ones show as ``-``."""
    cells = [list(headers), *([printable(cell) or "-" for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]
    return [_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
