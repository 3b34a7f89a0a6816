"""How an autoscaler behaves in each direction."""

from typing import Final, Literal

from agent.model.objects.autoscaler import ScalingBehavior, ScalingPolicy, ScalingRules
from agent.model.quantity import parse_quantity
from agent.model.value import Value

_TOLERANCE: Final = 0.1
"""Kubernetes' --horizontal-pod-autoscaler-tolerance."""


class Direction(Value, frozen=True, kw_only=True):
    """One direction: within ``window`` seconds the most careful wish counts; ``select`` says which policy does."""

    window: int
    select: Literal["Max", "Min", "Disabled"]
    policies: tuple[ScalingPolicy, ...]
    tolerance: float

    @property
    def longest(self) -> int:
        """The longest period of a policy."""
        return max((policy.period_seconds for policy in self.policies), default=0)


class Rules(Value, frozen=True, kw_only=True):
    """Both directions."""

    up: Direction
    down: Direction

    def tolerable(self, ratio: float) -> bool:
        """Tell whether a metric is so near to its target that nothing is to change."""
        return 1 - self.down.tolerance <= ratio <= 1 + self.up.tolerance


def rules(behavior: ScalingBehavior | None) -> Rules:
    """Return how an autoscaler behaves. What it leaves out, and defaulting did not set, limits nothing."""
    said = behavior or ScalingBehavior()
    return Rules(up=_direction(said.scale_up or ScalingRules()), down=_direction(said.scale_down or ScalingRules()))


def _direction(said: ScalingRules) -> Direction:
    return Direction(
        window=said.stabilization_window_seconds or 0,
        select=said.select_policy or "Max",
        policies=said.policies,
        tolerance=_TOLERANCE if said.tolerance is None else float(parse_quantity(said.tolerance)),
    )
