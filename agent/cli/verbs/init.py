import os
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.first_source import files
from agent.ports import Permanent

app = typer.Typer(add_completion=False)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it; made where missing.")] = Path(),
) -> None:
    """Write a first source (README, hosts/, apps/) and an agent.yaml. Nothing that is there is overwritten."""
    made = files(user_is_root=os.geteuid() == 0)
    present = [name for name in made if (folder / name).exists()]
    if present:
        raise Permanent(
            f"{folder} has {', '.join(present)} already, and trimtab init overwrites nothing",
            hint="name another folder, or remove what you do not need",
        )
    try:
        for name, text in made.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise Permanent(f"cannot write {error.filename}: {error.strerror}") from error
    for name in made:
        typer.echo(f"wrote {folder / name}")
    typer.echo(f"\nNext: the steps in {folder / 'README.md'}")
