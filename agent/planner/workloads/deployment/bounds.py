from agent.model.intstr import resolve
from agent.model.objects.deployment import DeploymentSpec, RollingUpdate
from agent.model.value import Value


class Bounds(Value, frozen=True, kw_only=True):
    """How far a rollout may leave the wanted count, in pods."""

    surge: int
    unavailable: int


def bounds(spec: DeploymentSpec) -> Bounds:
    """Return maxSurge and maxUnavailable as Kubernetes resolves them: rounded up and down, never both 0."""
    if spec.strategy.type == "Recreate":
        return Bounds(surge=0, unavailable=spec.replicas)
    rolling = spec.strategy.rolling_update or RollingUpdate()
    surge = resolve(rolling.max_surge, spec.replicas, round_up=True)
    unavailable = resolve(rolling.max_unavailable, spec.replicas, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(surge=surge, unavailable=min(unavailable, spec.replicas))
