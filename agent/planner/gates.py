"""Readiness gates: conditions that a pod has to meet besides its probes.

In Kubernetes a controller sets them in the pod's status. Here git does: the annotation
``conditions.trimtab.dev/TYPE: "True"`` on the pod says that the condition TYPE is met; a slash in TYPE is written as
``_``, since a key has only one.
"""

from collections.abc import Iterable, Mapping

from agent.model.labels import CONDITION, DEADLINE, READINESS_GATES
from agent.model.objects.pod import PodSpec


def gate_annotations(spec: PodSpec) -> dict[str, str]:
    """Return what a sandbox remembers of a pod's gates and its deadline; nothing of a pod without."""
    gates = ",".join(gate.condition_type for gate in spec.readiness_gates)
    deadline = spec.active_deadline_seconds
    return {
        **({READINESS_GATES: gates} if gates else {}),
        **({DEADLINE: str(deadline)} if deadline is not None else {}),
    }


def remembered_gates(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return the gates that a sandbox remembers."""
    written = annotations.get(READINESS_GATES)
    return tuple(written.split(",")) if written else ()


def closed(gates: Iterable[str], annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return the gates whose conditions are not True."""
    return tuple(gate for gate in gates if annotations.get(f"{CONDITION}{gate.replace('/', '_')}") != "True")
