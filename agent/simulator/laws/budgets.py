from collections.abc import Collection, Mapping

from agent.model.labels import AGENT, ROLE
from agent.model.objects.meta import PodKey
from agent.model.observation import Seen
from agent.simulator.laws.moment import Broken, Moment


def check_unhealthy(moment: Moment, found: Mapping[str, Seen], available: Collection[PodKey]) -> None:
    """Check that no pod that fails was sent off its host while its Deployment has too few that do not.

    Nobody is disturbed by that, and yet it may be the copy that would have recovered: only a budget that says
    AlwaysAllow lets it go. ``available`` are the pods that were ``found`` to be.
    """
    for pod, record in moment.memory.evicted.items():
        name = pod.partition("/")[2]
        app = name.partition("-")[0]
        if pod in moment.before.evicted or record.reason != "evicted" or record.host in moment.declared.forgotten:
            continue
        if app not in moment.declared.budgets or app in moment.declared.lenient:
            continue
        staying = {str(key) for key in available} - moment.before.evicted.keys()
        healthy = sum(1 for one in staying if one.partition("/")[2].partition("-")[0] == app)
        needed = max(1, moment.declared.budgets[app])
        if pod not in staying and healthy < needed and record.host in found and _ever_ran(found[record.host], name):
            raise Broken(f"{pod} fails and is sent off {record.host}: {healthy} of {app} are healthy, {needed} needed")


def _ever_ran(seen: Seen, pod: str) -> bool:
    """Tell whether a pod was ever started: one that was not may always go."""
    sandboxes = [one.id for one in seen.sandboxes if one.config.name == pod and AGENT in one.config.labels]
    started = {
        one.sandbox_id
        for one in seen.containers
        if one.started_at and AGENT in one.config.labels and not one.config.annotations.get(ROLE)
    }
    return bool(sandboxes) and started.issuperset(sandboxes)
