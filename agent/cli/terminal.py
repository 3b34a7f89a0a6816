"""What standard output is: a terminal with colours, or something that is read by another program."""

import os
import sys

from agent.cli.render.paint import Paint, coloured, plain


def is_terminal() -> bool:
    """Tell whether a person reads along."""
    return sys.stdout.isatty()


def paint() -> Paint:
    """Return how to paint on standard output: colours on a terminal only, and never against NO_COLOR."""
    wanted = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return coloured if wanted else plain
