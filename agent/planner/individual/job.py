"""Pods of an Indexed job: each knows which part of the work is its own."""

from typing import Final

from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.labels import COMPLETION_INDEX
from agent.model.objects.pod import Container, EnvVar

ALIKE: Final = -1
"""The index of a pod that is like all others of its job."""
_VARIABLE: Final = "JOB_COMPLETION_INDEX"


def individual(pod: DesiredPod, index: int) -> DesiredPod:
    """Return the pod with an index: its hostname, label, annotation and, in every container, a variable tell it."""
    if index == ALIKE:
        return pod
    spec, told = pod.spec, {COMPLETION_INDEX: str(index)}
    return replace(
        pod,
        labels={**pod.labels, **told},
        annotations={**pod.annotations, **told},
        spec=replace(
            spec,
            hostname=f"{pod.owner.name}-{index}",
            containers=tuple(_told(container, index) for container in spec.containers),
            init_containers=tuple(_told(container, index) for container in spec.init_containers),
        ),
    )


def _told(container: Container, index: int) -> Container:
    if any(one.name == _VARIABLE for one in container.env):
        return container
    return replace(container, env=(*container.env, EnvVar(name=_VARIABLE, value=str(index))))
