from pathlib import Path
from typing import Annotated

import typer

from agent.cli import options
from agent.cli.complete import complete_place
from agent.cli.config import open_config
from agent.cli.reach.copying import Place, parse_place, receive, send
from agent.cli.reach.pod import reach
from agent.ports import Permanent

app = typer.Typer(add_completion=False)


@app.command()
def cp(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A local path, or [NAMESPACE/]POD:PATH.", autocompletion=complete_place),
    ],
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help="The same; one of the two is in a pod.", autocompletion=complete_place),
    ],
    *,
    container: options.Container = None,
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """Copy files and folders between this machine and a container, whose image needs to have `tar`.

    What comes from a container never lands outside TARGET; symbolic links in it are left out.
    """
    there, back = parse_place(target), parse_place(source)
    if (there is None) == (back is None):
        raise Permanent("one of the two has to be in a pod, the other here", hint="trimtab cp POD:/path ./here")
    place: Place = there or back  # type: ignore[assignment] # one of them is a place, as was just checked
    with reach(open_config(config), place.pod, place.namespace or namespace) as reached:
        container_id = reached.running(container).id
        if there:
            send(reached.host, container_id, Path(source), there.path)
        else:
            receive(reached.host, container_id, place.path, Path(target))
