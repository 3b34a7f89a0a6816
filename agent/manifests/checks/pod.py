"""A pod's spec, where its parts must fit together."""

from collections.abc import Iterator
from typing import Final

from agent.manifests.checks.container import check_container
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import ContainerPort, KeyToPath, PodSpec, Toleration, Volume

_SOURCES: Final = ("configMap", "secret", "emptyDir", "hostPath")


def check_pod_spec(spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with a pod."""
    containers = (*at, "containers")
    yield from check_unique(spec.containers, containers, lambda container: container.name, "container", "name")
    volumes = {volume.name for volume in spec.volumes}
    for index, container in enumerate(spec.containers):
        yield from check_container(container, (*containers, index), volumes)
    yield from _host_ports(spec, containers)
    yield from check_unique(spec.volumes, (*at, "volumes"), lambda volume: volume.name, "volume", "name")
    for index, volume in enumerate(spec.volumes):
        yield from _volume(volume, (*at, "volumes", index))
    for index, toleration in enumerate(spec.tolerations):
        yield from _toleration(toleration, (*at, "tolerations", index))


def host_ports(spec: PodSpec, at: Steps) -> Iterator[tuple[int, str, str, Steps]]:
    """Yield each port of the host that a pod takes: number, protocol, address, and where it is written."""
    for outer, container in enumerate(spec.containers):
        for inner, port in enumerate(container.ports):
            place = (*at, outer, "ports", inner)
            if port.host_port:
                yield port.host_port, port.protocol, port.host_ip, (*place, "hostPort")
            elif spec.host_network:
                yield port.container_port, port.protocol, port.host_ip, (*place, "containerPort")


def _host_ports(spec: PodSpec, at: Steps) -> Findings:
    first: dict[tuple[int, str, str], Steps] = {}
    for number, protocol, address, place in host_ports(spec, at):
        key = (number, protocol, address)
        if key in first:
            message = f"host port {number} {protocol} is taken twice in this pod"
            yield Finding(place, "host-port-conflict", message, also=first[key])
        first.setdefault(key, place)
    if spec.host_network:
        for outer, container in enumerate(spec.containers):
            for inner, port in enumerate(container.ports):
                yield from _same_port(port, (*at, outer, "ports", inner))


def _same_port(port: ContainerPort, at: Steps) -> Findings:
    if port.host_port not in (0, port.container_port):
        message = f"with hostNetwork, hostPort must be containerPort, {port.container_port}"
        yield Finding((*at, "hostPort"), "bad-value", message, "leave hostPort out")


def _volume(volume: Volume, at: Steps) -> Findings:
    given = (volume.config_map, volume.secret, volume.empty_dir, volume.host_path)
    names = [name for name, source in zip(_SOURCES, given, strict=True) if source is not None]
    if len(names) > 1:
        message = f"a volume has one source, this one has {', '.join(f'`{name}`' for name in names)}"
        yield Finding((*at, names[1]), "one-of", message, at_key=True)
    if volume.config_map:
        yield from _items(volume.config_map.items, (*at, "configMap", "items"))
    if volume.secret:
        yield from _items(volume.secret.items, (*at, "secret", "items"))


def _items(items: tuple[KeyToPath, ...], at: Steps) -> Findings:
    yield from check_unique(items, at, lambda item: item.path, "path", "path")


def _toleration(toleration: Toleration, at: Steps) -> Findings:
    if toleration.operator == "Exists" and toleration.value:
        yield Finding((*at, "value"), "bad-value", "the operator `Exists` takes no value", at_key=True)
    if not toleration.key and toleration.operator != "Exists":
        message = "without a key, the operator must be `Exists`, which tolerates every taint"
        yield Finding((*at, "operator"), "bad-value", message)
