"""Where pods are placed, and who has to leave."""

from collections.abc import Collection, Mapping

from agent.model.observation import Seen
from agent.simulator.laws.moment import Broken, Moment


def check_placements(moment: Moment, found: Mapping[str, Seen], pinned: Collection[str]) -> None:
    """Check that no pod is placed on a host that takes none, but where it was ``found`` to be.

    ``pinned`` are those that name their host.
    """
    closed = moment.declared.closed
    for pod, host in moment.memory.placements.items() if closed else ():
        name = pod.partition("/")[2]
        if host not in closed or moment.before.placements.get(pod) == host or name in pinned:
            continue
        if name.partition("-")[0] in moment.declared.daemons and host not in moment.declared.forgotten:
            continue
        if host not in found and moment.before.leaving.get(pod) == host:
            continue  # it was told to leave, and as far as anybody can see it has not left yet
        if host not in found or not any(one.config.name == name for one in found[host].sandboxes):
            raise Broken(f"{pod} is placed on {host}, which takes no new pods")


def check_preemptions(moment: Moment) -> None:
    """Check that pods make room for those of higher priority only, and for none that do not ask for that."""
    for pod, record in moment.memory.evicted.items():
        if record.reason != "preempted" or pod in moment.before.evicted:
            continue
        victim, other = (name.partition("/")[2] for name in (pod, record.by))
        lowest = min(one.priority(victim) for one in moment.history)
        if lowest >= max(one.priority(other) for one in moment.history):
            raise Broken(f"{pod} makes room for {record.by}, which comes not before it")
        name = other.partition("-")[0]
        priorities = {one.crowds[name].priority for one in moment.history if name in one.crowds}
        if priorities == {"polite"}:
            raise Broken(f"{pod} makes room for {record.by}, which pushes nobody out")
