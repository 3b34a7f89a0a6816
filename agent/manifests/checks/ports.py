"""Ports of containers, and of the host that they are published on."""

from collections.abc import Iterator

from agent.manifests.checks.addresses import check_address
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Container, ContainerPort, PodSpec


def check_ports(container: Container, at: Steps) -> Findings:
    """Yield what is wrong with a container's ports."""
    place = (*at, "ports")
    yield from check_unique(container.ports, place, lambda port: port.name or None, "port name", "name")
    yield from check_unique(container.ports, place, _published, "port", "containerPort")
    for index, port in enumerate(container.ports):
        if port.host_ip:
            yield from check_address(port.host_ip, (*place, index, "hostIP"))


def host_ports(spec: PodSpec, at: Steps) -> Iterator[tuple[int, str, str, Steps]]:
    """Yield each port of the host that a pod takes: number, protocol, address, and where it is written.

    Init containers that run to their end publish none; sidecars do.
    """
    for steps, container in _publishing(spec, at):
        for index, port in enumerate(container.ports):
            place = (*steps, "ports", index)
            if port.host_port:
                yield port.host_port, port.protocol, port.host_ip, (*place, "hostPort")
            elif spec.host_network:
                yield port.container_port, port.protocol, port.host_ip, (*place, "containerPort")


def check_host_ports(spec: PodSpec, at: Steps) -> Findings:
    """Yield ports of the host that a pod takes twice, or that its network cannot lead elsewhere."""
    first: dict[tuple[int, str, str], Steps] = {}
    for number, protocol, address, place in host_ports(spec, at):
        key = (number, protocol, address)
        if key in first:
            message = f"host port {number} {protocol} is taken twice in this pod"
            yield Finding(place, "host-port-conflict", message, also=first[key])
        first.setdefault(key, place)
    if spec.host_network:
        for steps, container in _publishing(spec, at):
            for index, port in enumerate(container.ports):
                yield from _same_port(port, (*steps, "ports", index))


def _publishing(spec: PodSpec, at: Steps) -> Iterator[tuple[Steps, Container]]:
    for index, container in enumerate(spec.containers):
        yield (*at, "containers", index), container
    for index, container in enumerate(spec.init_containers):
        if container.restart_policy == "Always":
            yield (*at, "initContainers", index), container


def _same_port(port: ContainerPort, at: Steps) -> Findings:
    if port.host_port not in (0, port.container_port):
        message = f"with hostNetwork, hostPort must be containerPort, {port.container_port}"
        yield Finding((*at, "hostPort"), "bad-value", message, "leave hostPort out")


def _published(port: ContainerPort) -> str:
    host = f" on {port.host_ip}:{port.host_port}" if port.host_port else ""
    return f"{port.container_port}/{port.protocol}{host}"
