from importlib.metadata import version as installed_version

import typer

app = typer.Typer(add_completion=False)


@app.command()
def version() -> None:
    """Print the version of this trimtab."""
    typer.echo(f"trimtab {installed_version('trimtab')}")
