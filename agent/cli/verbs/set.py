from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from agent.cli import options
from agent.cli.changing import Branch, DryRun, Wish, change, refusals
from agent.cli.complete import complete_objects
from agent.cli.config import open_config
from agent.cli.naming import named, resource
from agent.manifests.editing import intents
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared
from agent.ports import Permanent

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Change a field of an object in the source.")

_KINDS: Final = ("Pod", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "CronJob", "Job")


@app.callback()
def set_() -> None:
    """Change a field of an object in the source."""


@app.command()
def image(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="KIND/NAME CONTAINER=IMAGE…", help="deployment/web web=nginx:1.29", autocompletion=complete_objects
        ),
    ],
    *,
    namespace: options.Namespace = "default",
    dry_run: DryRun = False,
    branch: Branch = "",
    config: options.Config = None,
) -> None:
    """Set images of containers: edits the manifest in the source, commits and pushes.

    Init containers count, and *=IMAGE means all. A Job whose image changes is run anew.
    """

    def wish(_fleet: Fleet, declared: Declared[AnyObject], data: dict[str, Any]) -> Wish:
        told = ", ".join(f"{name} to {reference}" for name, reference in images.items())
        return Wish(
            data=intents.with_images(data, images),
            subject=f"Set image of {declared.key}: {told}",
            done=f"{resource(declared.key)} image updated",
        )

    with refusals():
        target, images = _parts(words)
        key = named(target, namespace, kinds=_KINDS, can="given an image")
        change(open_config(config), key, wish, dry_run=dry_run, branch=branch)


def _parts(words: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
    """Return the words that name the object, and the images by container."""
    target = [word for word in words if "=" not in word]
    pairs = [word.partition("=") for word in words if "=" in word]
    if not pairs or not all(name and reference for name, _, reference in pairs):
        raise Permanent("which image?", hint="write CONTAINER=IMAGE, such as web=nginx:1.29; * stands for all")
    return target, {name: reference for name, _, reference in pairs}
