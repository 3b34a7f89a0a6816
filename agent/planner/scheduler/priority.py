"""Which pods come first, by their PriorityClasses, and whether they may push others out."""

from collections.abc import Mapping
from typing import NamedTuple

from agent.model.objects.fleet import Fleet
from agent.model.objects.pod import PodSpec
from agent.model.objects.priority import SYSTEM_CLASSES, PriorityClass
from agent.planner.ofkind import of_kind


class Standing(NamedTuple):
    """What a pod's PriorityClass means. ``unknown`` says why there is none."""

    value: int = 0
    preempts: bool = True
    unknown: str = ""


class Priorities:
    """The PriorityClasses of a fleet, with those that Kubernetes has built in."""

    def __init__(self, fleet: Fleet) -> None:
        found = [one.body for one in of_kind(fleet, PriorityClass).values()]
        self._classes = {name: Standing(value) for name, value in SYSTEM_CLASSES.items()}
        self._classes |= {one.metadata.name: _standing(one) for one in found}
        # Of several defaults Kubernetes takes the lowest.
        defaults = [_standing(one) for one in found if one.global_default]
        self._default = min(defaults, key=lambda one: one.value, default=Standing())

    @property
    def values(self) -> Mapping[str, int]:
        """The values of the classes that are declared; that of pods without one under an empty name."""
        return {"": self._default.value, **{name: one.value for name, one in self._classes.items()}}

    def of(self, spec: PodSpec) -> Standing:
        """Return how a pod stands to others."""
        name = spec.priority_class_name
        if not name:
            return self._default
        return self._classes.get(name) or Standing(unknown=f"no PriorityClass with name {name} was found")


def _standing(found: PriorityClass) -> Standing:
    return Standing(found.value, found.preemption_policy != "Never")
