"""What a pod may ask of itself: its fields, and what its containers may use, as texts.

The same for variables of the environment and for files of a downwardAPI volume.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Final

from agent.model.desired import DesiredPod
from agent.model.objects.pod import Container, PodSpec, ResourceFieldRef
from agent.model.podip import POD_IP, POD_IPS
from agent.model.quantity import parse_quantity
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.refusal import Refusal

_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['([^']{1,512})'\]")
_DEFAULTED: Final = frozenset({"cpu", "memory", "ephemeral-storage"})


def pod_field(path: str, desired: DesiredPod, uid: str, on: Machine) -> str:
    """Return a field of the pod, as ``fieldRef`` names it. Raises Refusal.

    The pod's addresses are the marks of ``agent.model.podip``: nobody knows them before its sandbox is there.
    """
    if path.startswith("status."):
        return _address(path, desired.spec, on)
    plain = {
        "metadata.name": desired.key.name,
        "metadata.namespace": desired.key.namespace,
        "metadata.uid": uid,
        "spec.nodeName": on.host,
        "spec.serviceAccountName": desired.spec.service_account_name or "default",
    }
    if path in plain:
        return plain[path]
    if path in {"metadata.labels", "metadata.annotations"}:
        return _lines(desired.labels if path == "metadata.labels" else desired.annotations)
    if match := _SUBSCRIPT.fullmatch(path):
        of = desired.labels if match[1] == "labels" else desired.annotations
        return of.get(match[2], "")
    raise Refusal(f"fieldRef {path} is not supported")


def _address(path: str, spec: PodSpec, on: Machine) -> str:
    of_host = path in {"status.hostIP", "status.hostIPs"} or spec.host_network
    if path not in {"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"}:
        raise Refusal(f"fieldRef {path} is not supported")
    if not of_host:
        return POD_IPS if path == "status.podIPs" else POD_IP
    if not on.addresses:
        raise Refusal(f"fieldRef {path}: the address of host {on.host} is not known yet")
    return ",".join(on.addresses) if path.endswith("s") else on.addresses[0]


def _lines(entries: Mapping[str, str]) -> str:
    """Return a map as a kubelet writes it: sorted, a line an entry, values quoted as Go does."""
    return "\n".join(f"{name}={_quoted(entries[name])}" for name in sorted(entries))


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    plain = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\a": "\\a", "\b": "\\b", "\f": "\\f"}
    if character in plain:
        return plain[character]
    if character == "\v":
        return "\\v"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def resource_field(ref: ResourceFieldRef, container: Container, spec: PodSpec, on: Machine) -> str:
    """Return a request or limit in units of its divisor, rounded up. Raises Refusal.

    ``container`` is the one that asks, and may name another. What has no limit may use all that its host has for pods.
    """
    of = container
    if ref.container_name:
        named = [one for one in spec.every_container if one.name == ref.container_name]
        if not named:
            raise Refusal(f"resourceFieldRef {ref.resource}: the pod has no container {ref.container_name}")
        of = named[0]
    kind, _, resource = ref.resource.partition(".")
    if kind not in {"limits", "requests"} or not (resource in _DEFAULTED or resource.startswith("hugepages-")):
        raise Refusal(f"resourceFieldRef {ref.resource} is not supported")
    divisor = parse_quantity(ref.divisor) or Decimal(1)
    return str(int((_amount(kind, resource, of, spec, on) / divisor).to_integral_value(ROUND_CEILING)))


def _amount(kind: str, resource: str, of: Container, spec: PodSpec, on: Machine) -> Decimal:
    whole_pod = spec.resources.limits if spec.resources else {}
    limit = parse_quantity(of.resources.limits.get(resource) or whole_pod.get(resource, 0))
    if kind == "requests":
        return parse_quantity(of.resources.requests.get(resource, of.resources.limits.get(resource, 0)))
    if limit or resource not in _DEFAULTED:
        return limit
    there = Decimal(dict(on.allocatable).get(resource, 0))
    return there / 1000 if resource == "cpu" else there
