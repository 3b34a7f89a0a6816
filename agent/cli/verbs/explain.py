import sys
from typing import Annotated

import typer

from agent.cli.complete import complete_kinds
from agent.cli.errors import complain
from agent.cli.kinds import KINDS
from agent.cli.render import explanation
from agent.manifests.explanation import NoSuchFieldError, explain_field

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    path: Annotated[
        str,
        typer.Argument(metavar="KIND[.FIELD…]", help="pod.spec.containers.image", autocompletion=complete_kinds),
    ],
    recursive: Annotated[bool, typer.Option("--recursive", help="Only the names, all the way down.")] = False,
) -> None:
    """Explain a field: what it means, what it takes, and what trimtab does not take and why."""
    written = _with_kind(path)
    try:
        found = explain_field(written)
    except NoSuchFieldError as error:
        complain(str(error))
        sys.exit(1)
    typer.echo(explanation.render_tree(found, written) if recursive else explanation.render(found))


def _with_kind(path: str) -> str:
    """Return a path that begins with a kind's own name, where it began with a short one."""
    first, dot, rest = path.partition(".")
    kind = next((kind for kind, names in KINDS.items() if first.lower() in names), first)
    return f"{kind}{dot}{rest}"
