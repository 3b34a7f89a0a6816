from collections.abc import Collection

from agent.model.labels import AGENT, OWNER
from agent.model.objects.meta import PodKey
from agent.model.observation import SandboxSeen
from agent.simulator.laws.moment import Broken, Moment
from agent.simulator.machine import Machine


def check_quota(moment: Moment, pod: PodKey, given_up: Collection[str]) -> None:
    """Check that a pod that was just made, and was not there before, is not one too many."""
    quotas = [one.quota for one in moment.history]
    if not all(quotas):
        return
    there = {
        PodKey(namespace=one.config.namespace, name=one.config.name)
        for name, machine in sorted(moment.machines.items())
        if name not in given_up
        for one in machine.sandboxes.values()
        if AGENT in one.config.labels and not _ended(machine, one)
    } | {pod}
    if len(there) > max(quotas):
        raise Broken(f"{len(there)} pods with {pod}, the quota allows {max(quotas)}")


def _ended(machine: Machine, sandbox: SandboxSeen) -> bool:
    """Tell whether a pod came to its end: it counts for nothing."""
    inside = machine.inside(sandbox.id)
    is_work = sandbox.config.annotations.get(OWNER, "").startswith("Job/")
    return is_work and bool(inside) and all(one.state == "exited" for one in inside)
