"""NoExecute taints of hosts, and since when each is there: some pods bear one only for a time.

That a host is unseen is such a taint too, as Kubernetes' node controller sets it. That it is out of service counts with
any effect, as in Kubernetes. A clock that was set back prolongs no time: nothing is there since later than now.
"""

from collections.abc import Mapping, Sequence

from agent.model.labels import OUT_OF_SERVICE, UNREACHABLE
from agent.model.objects.host import Host, Taint
from agent.model.objects.meta import Declared
from agent.model.observation import Unseen
from agent.model.plan import FleetInput
from agent.planner.workload import Claim

Since = Mapping[str, Mapping[str, float]]
"""By host and taint (``key=value``), as memory keeps it."""


def tainted_since(given: FleetInput, hosts: Mapping[str, Declared[Host]]) -> Since:
    """Return since when each taint is there: for one that is new, since now."""
    unseen, known = unseen_since(given), given.memory.tainted
    found = {
        name: {
            _name(taint): min(known.get(name, {}).get(_name(taint), given.now), given.now)
            for taint in declared.body.spec.taints
            if taint.effect == "NoExecute" or taint.key == OUT_OF_SERVICE
        }
        for name, declared in sorted(hosts.items())
        if declared.body.spec.taints or name in unseen
    }
    for name, at in unseen.items():
        if name in found:
            found[name][f"{UNREACHABLE}="] = at
    return {name: since for name, since in found.items() if since}


def unseen_since(given: FleetInput) -> Mapping[str, float]:
    """Return since when each unseen host is so: across restarts of the agent, as memory has it."""
    found = {}
    for name, observation in given.observations.items():
        if isinstance(observation, Unseen):
            known = given.memory.tainted.get(name, {}).get(f"{UNREACHABLE}=")
            found[name] = min(observation.since if known is None else known, given.now)
    return found


def taint_ages(host: Declared[Host], since: Since, now: float) -> Mapping[Taint, float]:
    """Return for how many seconds each NoExecute taint of a host is there."""
    known = since.get(host.key.name)
    if known is None:
        return {}
    taints = (taint for taint in host.body.spec.taints if taint.effect == "NoExecute")
    return {taint: now - known[_name(taint)] for taint in taints}


def borne_until(claims: Sequence[Claim], hosts: Mapping[str, Declared[Host]], since: Since, now: float) -> float | None:
    """Return when the next pod may no longer bear a taint."""
    if not since:
        return None
    demands = [one.demand for claim in claims for one in (claim.template, *claim.earlier.values())]
    impatient = [one for one in demands if any(each.toleration_seconds is not None for each in one.tolerations)]
    times = [
        until
        for demand in impatient
        for name, known in since.items()
        for taint in hosts[name].body.spec.taints
        if taint.effect == "NoExecute"
        and (until := demand.borne_until(taint, known[_name(taint)])) is not None
        and until > now
    ]
    return min(times, default=None)


def _name(taint: Taint) -> str:
    return f"{taint.key}={taint.value}"
