"""A DaemonSet: how its pods are replaced."""

from agent.manifests.checks.intstr import check_percentage, of_a_hundred
from agent.manifests.checks.workload import check_workload
from agent.manifests.finding import Finding, Findings
from agent.model.objects.daemonset import DaemonSet, DaemonSetStrategy


def check_daemon_set(body: DaemonSet) -> Findings:
    """Yield what is wrong with a DaemonSet."""
    yield from check_workload(body)
    yield from _strategy(body.spec.update_strategy)


def _strategy(strategy: DaemonSetStrategy) -> Findings:
    rolling, at = strategy.rolling_update, ("spec", "updateStrategy", "rollingUpdate")
    if rolling is None:
        return
    if strategy.type == "OnDelete":
        yield Finding(at, "bad-value", "`rollingUpdate` has no meaning with the type `OnDelete`", at_key=True)
    yield from check_percentage(rolling.max_unavailable, (*at, "maxUnavailable"))
    yield from check_percentage(rolling.max_surge, (*at, "maxSurge"))
    unavailable, surge = of_a_hundred(rolling.max_unavailable), of_a_hundred(rolling.max_surge)
    if unavailable and surge:
        message = "a host is either without its pod for a while, or has two of them: one of both must be 0"
        yield Finding((*at, "maxSurge"), "bad-value", message, "write maxUnavailable: 0, which is 1 otherwise")
    if not unavailable and not surge:
        message = "maxSurge and maxUnavailable are both 0, so that no pod could ever be replaced"
        yield Finding(at, "bad-value", message, at_key=True)
