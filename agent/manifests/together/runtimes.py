"""Pods and the RuntimeClass that they run by: what the class says, the pod may not contradict."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from agent.manifests.node import show_path
from agent.manifests.parsed import ParsedObject
from agent.manifests.templates import pod_spec_of
from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.meta import ObjectKey
from agent.model.objects.pod import PodSpec, Quantity
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.problem import Problem
from agent.model.quantity import parse_quantity


def check_runtimes(index: Index) -> Iterator[Problem]:
    """Yield pods whose own cost or node selector is not that of their RuntimeClass, as its admission plugin does."""
    for entry in index.objects:
        found = pod_spec_of(entry.declared.body) if entry.declared else None
        if found is None:
            continue
        spec, at = found
        name = spec.runtime_class_name
        target = ObjectKey(kind="RuntimeClass", namespace="", name=name or "")
        there = index.by_key.get(target)
        runtime = there[0].declared.body if there and there[0].declared else None
        if isinstance(runtime, RuntimeClass) or name is None:
            place = show_path((*at, "overhead"))
            yield from _overhead(entry, spec, runtime if isinstance(runtime, RuntimeClass) else None, place)
        if isinstance(runtime, RuntimeClass):
            yield from _selector(entry, spec, runtime, show_path((*at, "nodeSelector")))


def _overhead(entry: ParsedObject, spec: PodSpec, runtime: RuntimeClass | None, path: str) -> Iterator[Problem]:
    fixed = runtime.overhead.pod_fixed if runtime and runtime.overhead else {}
    if spec.overhead and _amounts(spec.overhead) != _amounts(fixed):
        message = "`overhead` is what the RuntimeClass of the pod says, not what the pod says"
        yield problem(entry, "bad-reference", message, path=path, hint="leave it out")


def _selector(entry: ParsedObject, spec: PodSpec, runtime: RuntimeClass, path: str) -> Iterator[Problem]:
    wanted = runtime.scheduling.node_selector if runtime.scheduling else {}
    for key, value in wanted.items():
        own = spec.node_selector.get(key, value)
        if own != value:
            message = (
                f"RuntimeClass {runtime.metadata.name} is for hosts with `{key}: {value}`, the pod for `{key}: {own}`"
            )
            hint = "remove the label from the pod's nodeSelector"
            yield problem(entry, "bad-reference", message, path=path, hint=hint)


def _amounts(quantities: Mapping[str, Quantity]) -> dict[str, Decimal]:
    return {name: parse_quantity(quantity) for name, quantity in quantities.items()}
