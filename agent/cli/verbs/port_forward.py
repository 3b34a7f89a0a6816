import re
import time
from typing import Annotated, Final

import typer

from agent.cli import options
from agent.cli.complete import complete_pods
from agent.cli.config import open_config
from agent.cli.reach.forwarding import Forwarder, Listeners
from agent.cli.reach.pod import reach
from agent.ports import Permanent

app = typer.Typer(add_completion=False)

_PORTS: Final = re.compile(r"(?:(?P<local>\d{0,5}):)?(?P<remote>\d{1,5})")
_LARGEST: Final = 65535


@app.command(name="port-forward")
def port_forward(
    pod: Annotated[
        str,
        typer.Argument(metavar="POD", help="A pod; or deployment/NAME: one of its.", autocompletion=complete_pods),
    ],
    ports: Annotated[
        list[str], typer.Argument(metavar="[LOCAL:]REMOTE…", help="Ports; `:REMOTE` takes any local port that is free.")
    ],
    *,
    address: Annotated[
        str, typer.Option("--address", metavar="ADDRESSES", help="Where to listen, separated by commas.")
    ] = "localhost",
    namespace: options.Namespace = "default",
    config: options.Config = None,
) -> None:
    """Forward local ports to a pod, through its own network: what listens on the pod's loopback is reached as well.

    Ends with Ctrl-C, or when the pod goes.
    """
    wanted = [parse_ports(written) for written in ports]
    with reach(open_config(config), pod, namespace) as reached, Listeners(address.split(","), wanted) as listeners:
        if not reached.sandbox.ready:
            raise Permanent(f"pod {reached.pod.key} does not run", hint="`trimtab status` says why")
        for address_taken in listeners.taken:
            typer.echo(f"warning: unable to listen on {address_taken}", err=True)
        for opened in listeners.opened:
            typer.echo(f"Forwarding from {opened.shown} -> {opened.remote}")
        try:
            Forwarder(reached.host, reached.sandbox.id, clock=time.monotonic).serve(listeners)
        except KeyboardInterrupt:
            return


def parse_ports(written: str) -> tuple[int, int]:
    """Return the local port (0: any) and the pod's. Raises Permanent."""
    match = _PORTS.fullmatch(written)
    if match is None:
        raise Permanent(f"{written!r} is not a pair of ports", hint="write LOCAL:REMOTE, REMOTE, or :REMOTE")
    remote = int(match["remote"])
    local = remote if match["local"] is None else int(match["local"] or 0)
    if not 0 < remote <= _LARGEST or local > _LARGEST:
        raise Permanent(f"{written!r}: a port is a number from 1 to {_LARGEST}")
    return local, remote
