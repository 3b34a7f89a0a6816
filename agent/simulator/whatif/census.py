"""Which pods there are on a machine, and which of them are ready."""

from collections.abc import Mapping
from typing import NamedTuple

from agent.model.objects.meta import ObjectKey
from agent.planner.live import live_pods
from agent.simulator.whatif.machine import Imagined


class Counted(NamedTuple):
    """One pod: whose, its labels, and whether it is ready and runs at all."""

    name: str
    namespace: str
    owner: ObjectKey
    labels: Mapping[str, str]
    ready: bool
    alive: bool


def count(machine: Imagined, agent: str) -> tuple[Counted, ...]:
    """Return the pods of a machine; nothing is ready on one without power."""
    found = []
    for pod in live_pods(machine.name, machine.seen, agent).values():
        observed = pod.observed
        if observed is None:
            continue
        found.append(
            Counted(
                name=pod.key.name,
                namespace=pod.key.namespace,
                owner=pod.owner or ObjectKey(kind="Pod", namespace=pod.key.namespace, name=pod.key.name),
                labels=observed.labels,
                ready=machine.up and pod.ready_since() is not None,
                alive=observed.sandbox.ready and any(one.state == "running" for one in observed.current.values()),
            )
        )
    return tuple(found)
