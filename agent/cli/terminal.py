"""Who reads and answers: a person at a terminal with colours, or another program."""

import os
import sys

import typer

from agent.cli.render.paint import Paint, coloured, plain
from agent.ports import Permanent


def is_terminal() -> bool:
    """Tell whether a person reads along."""
    return sys.stdout.isatty()


def paint() -> Paint:
    """Return how to paint on standard output: colours on a terminal only, and never against NO_COLOR."""
    wanted = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return coloured if wanted else plain


def confirmed(question: str) -> bool:
    """Ask a person. Raises Permanent where nobody answers, as at the end of a pipe: silence is no yes."""
    try:
        return typer.confirm(question)
    except typer.Abort as silence:
        typer.echo()
        raise Permanent(
            "nobody answered, so nothing is written", hint="answer y on a terminal, or say --yes once you know"
        ) from silence
