"""What single pods of a template have of their own: an identity, an index. One file a kind."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.model.desired import DesiredPod
from agent.planner.individual import job, statefulset

INDIVIDUAL: Final[Mapping[str, Callable[[DesiredPod, int], DesiredPod]]] = {
    "Job": job.individual,
    "StatefulSet": statefulset.individual,
}
"""By kind: returns the pod in a slot, by its index, from what all pods of the template are."""
