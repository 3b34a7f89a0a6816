"""How every verb says what went wrong: what, where, and what to do."""

import typer

from agent.cli.render.escape import printable


def complain(message: str, *, hint: str = "") -> None:
    """Print an error, and what to do about it, on standard error. Neither may write to the terminal's controls."""
    typer.echo(f"trimtab: error: {_indented(message)}", err=True)
    if hint:
        typer.echo(f"hint: {_indented(hint)}", err=True)


def _indented(text: str) -> str:
    return "\n  ".join(printable(line) for line in text.splitlines())
