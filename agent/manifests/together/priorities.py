"""PriorityClasses: one default, and pods that say the same as theirs."""

from collections.abc import Iterator

from agent.manifests.node import show_path
from agent.manifests.parsed import ParsedObject
from agent.manifests.templates import pod_spec_of
from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.priority import SYSTEM_CLASSES, PriorityClass
from agent.model.problem import Problem

_USUAL = "PreemptLowerPriority"


def check_priorities(index: Index, *, whole: bool) -> Iterator[Problem]:
    """Yield PriorityClasses that are the default beside another; of a ``whole`` source also pods that deny theirs."""
    classes = dict(_classes(index))
    default: tuple[ParsedObject, PriorityClass] | None = None
    for entry, body in classes.values():
        if body.global_default and default is not None:
            message = f"PriorityClass {default[1].metadata.name} is the default already"
            hint = "leave globalDefault to one of them"
            yield problem(entry, "duplicate", message, path="globalDefault", hint=hint, other=default[0])
        elif body.global_default:
            default = entry, body
    for entry in index.objects if whole else ():
        yield from _preemption(entry, classes, default)


def _classes(index: Index) -> Iterator[tuple[str, tuple[ParsedObject, PriorityClass]]]:
    for entry in index.objects:
        if entry.declared is not None and isinstance(entry.declared.body, PriorityClass):
            yield entry.key.name, (entry, entry.declared.body)


def _preemption(
    entry: ParsedObject,
    classes: dict[str, tuple[ParsedObject, PriorityClass]],
    default: tuple[ParsedObject, PriorityClass] | None,
) -> Iterator[Problem]:
    found = pod_spec_of(entry.declared.body) if entry.declared else None
    if found is None or found[0].preemption_policy is None:
        return
    spec, at = found
    name = spec.priority_class_name
    if name is not None and name not in classes and name not in SYSTEM_CLASSES:
        return
    there = classes.get(name) if name is not None else default
    means = there[1].preemption_policy if there else _USUAL
    if spec.preemption_policy != means:
        says = f"PriorityClass {there[1].metadata.name} says" if there else "without a PriorityClass it is"
        message = f"the policy of a pod follows from its class, and {says} {means}"
        path = show_path((*at, "preemptionPolicy"))
        other = there[0] if there else None
        yield problem(entry, "bad-reference", message, path=path, hint="leave it out", other=other)
