"""A Deployment: how it rolls."""

from agent.manifests.checks.workload import check_workload
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.intstr import resolve
from agent.model.objects.deployment import Deployment, DeploymentStrategy


def check_deployment(deployment: Deployment) -> Findings:
    """Yield what is wrong with a Deployment."""
    spec = deployment.spec
    yield from check_workload(deployment)
    yield from _strategy(spec.strategy, ("spec", "strategy"))
    if spec.progress_deadline_seconds <= spec.min_ready_seconds:
        message = (
            f"this is not more than minReadySeconds, {spec.min_ready_seconds}, so no rollout could ever make progress"
        )
        yield Finding(("spec", "progressDeadlineSeconds"), "bad-value", message)


def _strategy(strategy: DeploymentStrategy, at: Steps) -> Findings:
    rolling = strategy.rolling_update
    if rolling is None:
        return
    if strategy.type == "Recreate":
        message = "`rollingUpdate` has no meaning with the type `Recreate`"
        yield Finding((*at, "rollingUpdate"), "bad-value", message, at_key=True)
    # Of 100 pods, a percentage is its number.
    surge = resolve(rolling.max_surge, 100, round_up=True)
    unavailable = resolve(rolling.max_unavailable, 100, round_up=False)
    if surge == 0 and unavailable == 0:
        message = "maxSurge and maxUnavailable are both 0, so that no pod could ever be replaced"
        yield Finding((*at, "rollingUpdate"), "bad-value", message, at_key=True)
    if isinstance(rolling.max_unavailable, str) and unavailable > 100:
        yield Finding((*at, "rollingUpdate", "maxUnavailable"), "bad-value", "more than 100% cannot be unavailable")
