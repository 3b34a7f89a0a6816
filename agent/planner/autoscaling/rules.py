"""How an autoscaler behaves in each direction, with Kubernetes' defaults for what it leaves out."""

from typing import Final, Literal

from agent.model.objects.autoscaler import ScalingBehavior, ScalingPolicy, ScalingRules
from agent.model.quantity import parse_quantity
from agent.model.value import Value

_TOLERANCE: Final = 0.1
_PERIOD: Final = 15
_UP: Final = (
    ScalingPolicy(type="Pods", value=4, period_seconds=_PERIOD),
    ScalingPolicy(type="Percent", value=100, period_seconds=_PERIOD),
)
_DOWN: Final = (ScalingPolicy(type="Percent", value=100, period_seconds=_PERIOD),)
_DOWN_WINDOW: Final = 300


class Direction(Value, frozen=True, kw_only=True):
    """One direction: within ``window`` seconds the most careful wish counts; ``select`` says which policy does."""

    window: int
    select: Literal["Max", "Min", "Disabled"]
    policies: tuple[ScalingPolicy, ...]
    tolerance: float

    @property
    def longest(self) -> int:
        """The longest period of a policy."""
        return max(policy.period_seconds for policy in self.policies)


class Rules(Value, frozen=True, kw_only=True):
    """Both directions."""

    up: Direction
    down: Direction

    def tolerable(self, ratio: float) -> bool:
        """Tell whether a metric is so near to its target that nothing is to change."""
        return 1 - self.down.tolerance <= ratio <= 1 + self.up.tolerance


def rules(behavior: ScalingBehavior | None) -> Rules:
    """Return how an autoscaler behaves."""
    said = behavior or ScalingBehavior()
    return Rules(
        up=_direction(said.scale_up or ScalingRules(), 0, _UP),
        down=_direction(said.scale_down or ScalingRules(), _DOWN_WINDOW, _DOWN),
    )


def _direction(said: ScalingRules, window: int, policies: tuple[ScalingPolicy, ...]) -> Direction:
    return Direction(
        window=window if said.stabilization_window_seconds is None else said.stabilization_window_seconds,
        select=said.select_policy or "Max",
        policies=said.policies or policies,
        tolerance=_TOLERANCE if said.tolerance is None else float(parse_quantity(said.tolerance)),
    )
