"""Probes and hooks of a container, ready to be run: ports by number instead of name."""

from typing import TypeVar

from msgspec.structs import replace

from agent.model.objects.pod import Container, HttpGetAction, LifecycleHandler, PortRef, Probe, TcpSocketAction
from agent.model.probing import Probes
from agent.planner.host.rendering.refusal import Refusal

Action = TypeVar("Action", HttpGetAction, TcpSocketAction)


def probes_of(container: Container) -> Probes | None:
    """Return a container's probes; None where it has none. Raises Refusal."""
    if container.startup_probe is None and container.liveness_probe is None and container.readiness_probe is None:
        return None
    return Probes(
        startup=_probe(container.startup_probe, container),
        liveness=_probe(container.liveness_probe, container),
        readiness=_probe(container.readiness_probe, container),
    )


def _probe(probe: Probe | None, container: Container) -> Probe | None:
    if probe is None:
        return None
    http, tcp = _resolved(probe.http_get, container), _resolved(probe.tcp_socket, container)
    return replace(probe, http_get=http, tcp_socket=tcp)


def hook(handler: LifecycleHandler | None, container: Container) -> LifecycleHandler | None:
    """Return a hook with its port as a number. Raises Refusal."""
    return None if handler is None else replace(handler, http_get=_resolved(handler.http_get, container))


def _resolved(action: Action | None, container: Container) -> Action | None:
    return None if action is None else replace(action, port=_number(action.port, container))


def _number(port: PortRef, container: Container) -> int:
    if isinstance(port, int):
        return port
    named = [one.container_port for one in container.ports if one.name == port]
    if named:
        return named[0]
    if port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536:
        return int(port)
    raise Refusal(f"container {container.name} has no port named {port}, which a probe or hook asks for")
