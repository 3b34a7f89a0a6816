"""What verbs make of an object: plain data before, plain data after. Nothing else of it changes.

New fields stand where people look for them: replicas first in a spec, ``paused`` behind it, others last.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from agent.manifests.explain import nearest
from agent.model.labels import OUT_OF_SERVICE
from agent.ports import Permanent

Data = dict[str, Any]
RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
OFF: Final = {"key": OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}
"""The taint that says: this machine is off, nothing on it runs any more."""
_POD_SPECS: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATED: Final = ("spec", "template", "spec")


def scaled(data: Data, replicas: int) -> Data:
    """Set the number of replicas."""
    return _within(data, ("spec",), lambda spec: _placed(spec, "replicas", replicas, after=()))


def paused(data: Data, *, paused: bool) -> Data:
    """Stop a rollout where it is, or let it go on."""
    if paused:
        return _within(data, ("spec",), lambda spec: _placed(spec, "paused", True, after=("replicas",)))
    return _within(data, ("spec",), lambda spec: _without(spec, "paused"))


def restarted(data: Data, at: str) -> Data:
    """Have all pods made again: their template says since when."""
    annotated = ("spec", "template", "metadata", "annotations")
    return _within(data, annotated, lambda annotations: {**annotations, RESTARTED_AT: at})


def with_template(data: Data, template: Data) -> Data:
    """Bring a pod template back."""
    return _within(data, ("spec",), lambda spec: {**spec, "template": template})


def with_images(data: Data, images: Mapping[str, str]) -> Data:
    """Set the images of containers, init containers among them; ``*`` stands for all. Raises Permanent."""
    steps = _POD_SPECS.get(data["kind"], _TEMPLATED)
    containers = [one for field in ("initContainers", "containers") for one in _at(data, steps).get(field) or ()]
    names = [one["name"] for one in containers]
    for name in images:
        if name != "*" and name not in names:
            raise Permanent(
                f"unable to find container named {name!r}{nearest(name, names)}",
                hint=f"its containers are: {', '.join(names)}",
            )

    def imaged(container: Data) -> Data:
        image = images.get(container["name"], images.get("*"))
        return container if image is None else _placed(container, "image", image, after=("name",))

    def changed(spec: Data) -> Data:
        return {
            field: [imaged(one) for one in value] if field in ("containers", "initContainers") and value else value
            for field, value in spec.items()
        }

    return _within(data, steps, changed)


def cordoned(data: Data, *, drain: bool = False) -> Data:
    """Keep new pods off a host; with ``drain``, have those that are there move away, too."""

    def changed(spec: Data) -> Data:
        closed = _placed(spec, "unschedulable", True)
        return _placed(closed, "drain", True, after=("unschedulable",)) if drain else closed

    return _within(data, ("spec",), changed)


def uncordoned(data: Data) -> Data:
    """Open a host for pods again, whatever closed it: cordon, drain or forget."""

    def changed(spec: Data) -> Data:
        left = [taint for taint in spec.get("taints") or () if taint.get("key") != OUT_OF_SERVICE]
        opened = _without(spec, "unschedulable", "drain")
        return {**opened, "taints": left} if left else _without(opened, "taints") if spec.get("taints") else opened

    return _within(data, ("spec",), changed)


def forgotten(data: Data) -> Data:
    """Say that a host is off, so that nothing that was on it is waited for."""

    def changed(spec: Data) -> Data:
        taints = spec.get("taints") or []
        known = any(taint.get("key") == OUT_OF_SERVICE and taint.get("effect") == "NoExecute" for taint in taints)
        return spec if known else {**spec, "taints": [*taints, dict(OFF)]}

    return _within(data, ("spec",), changed)


def _at(data: Data, steps: Sequence[str]) -> Data:
    for step in steps:
        data = data.get(step) or {}
    return data


def _within(data: Data, steps: Sequence[str], change: Callable[[Data], Data]) -> Data:
    """Return data in which the mapping at a path is changed; what is missing on the way is made."""
    if not steps:
        return change(data)
    first, *rest = steps
    inner = _within(data.get(first) or {}, rest, change)
    if first in data:
        return {**data, first: inner}
    return {first: inner, **data} if first == "metadata" else {**data, first: inner}


def _placed(data: Data, key: str, value: object, *, after: Sequence[str] | None = None) -> Data:
    """Return a mapping with a key set where it stands; a new one behind ``after`` (first if none is there), or last."""
    if key in data or after is None:
        return {**data, key: value}
    names = list(data)
    at = max((names.index(name) + 1 for name in after if name in data), default=0)
    items = list(data.items())
    return dict([*items[:at], (key, value), *items[at:]])


def _without(data: Data, *keys: str) -> Data:
    return {key: value for key, value in data.items() if key not in keys}
