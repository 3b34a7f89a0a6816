"""What a pod's volumes depend on."""

from agent.model.desired import DesiredPod
from agent.model.value import Value
from agent.planner.host.rendering.machine import Machine


class Setting(Value, frozen=True, kw_only=True):
    """The pod that volumes are of, by which uid, and on which host."""

    desired: DesiredPod
    uid: str
    on: Machine
