"""How pods of a job end: what there is to know for counting them and for the pod failure policy."""

from collections.abc import Mapping
from typing import Final

from agent.model.observation import last_known
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.planner.deadline import deadline, exceeded
from agent.planner.live import Live
from agent.planner.pods import ObservedPod
from agent.planner.podstatus import pod_status
from agent.planner.restartpolicy import asked_of
from agent.planner.template import Template

DISRUPTED: Final = "DisruptionTarget"
"""The condition of a pod that did not end by itself: its host was lost, or it was evicted or preempted."""


class Ending(Value, frozen=True, kw_only=True):
    """How one pod ended, when by the agent's clock, its conditions, and the exit codes of containers that failed."""

    at: float
    succeeded: bool = False
    codes: tuple[tuple[str, int], ...] = ()
    conditions: Mapping[str, str] = {}


def disruption(now: float) -> Ending:
    """Return the end of a pod that was taken away."""
    return Ending(at=now, conditions={DISRUPTED: "True"})


def ending(pod: Live, template: Template, given: FleetInput) -> Ending | None:
    """Return how a pod ended; None for one that has not, as far as anybody knows."""
    observed = pod.observed
    if observed is None or pod.running_since is not None:
        return None
    seen = last_known(given.observations[pod.host])
    skew = seen.facts.clock_skew if seen is not None else 0.0
    late = _late(observed, template, given.now, skew)
    status = pod.steady if pod.steady is not None and pod.seen else None
    if status is None:
        # Whether a pod ended does not depend on the time; only what it waits for does.
        status = pod_status(
            observed,
            key=pod.key,
            owner=template.declared.key,
            host=pod.host,
            names=template.names,
            policy=template.spec.restart_policy,
            now=0.0,
        )
    if status.phase not in {"Succeeded", "Failed"} and not late:
        return None
    newest = observed.current
    ends = (one.finished_at - skew for one in newest.values() if one.finished_at)
    return Ending(
        at=min(max(ends, default=given.now), given.now),
        succeeded=status.phase == "Succeeded" and not late,
        codes=tuple((name, one.exit_code) for name, one in newest.items() if one.state == "exited" and one.exit_code),
        conditions={one.type: one.status for one in status.conditions},
    )


def restarts(pod: Live) -> int:
    """Return how often containers of a pod were started again, leaving out what a change asked for."""
    newest = pod.observed.current.values() if pod.observed else ()
    return sum(max(0, one.config.attempt - asked_of(one.config)) for one in newest)


def _late(observed: ObservedPod, template: Template, now: float, skew: float) -> bool:
    """Tell whether a pod was stopped since it ran for longer than its own activeDeadlineSeconds."""
    at = deadline(observed, template.spec.active_deadline_seconds)
    stopped = all(one.state == "exited" for one in observed.current.values())
    return stopped and exceeded(observed, at, now, skew)
