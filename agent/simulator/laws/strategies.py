"""Who is updated by itself, and when: partitions, OnDelete, and new pods beside old ones."""

from collections.abc import Collection

from agent.model.objects.meta import PodKey
from agent.simulator.laws.moment import Broken, Moment


def check_update(moment: Moment, pod: PodKey, host: str, available: Collection[PodKey]) -> None:
    """Check that a pod that was fine might be taken down; ``available`` are those that were known to be then."""
    sent_away = str(pod) in moment.memory.evicted
    if sent_away or any(host in one.forgotten for one in moment.history):
        return
    owner, _, last = pod.name.rpartition("-")
    sets = [one.sets.get(owner) for one in moment.history]
    if all(one is not None and int(last) < one.replicas and not one.is_due(int(last)) for one in sets):
        raise Broken(f"{pod} was fine on {host}, and is not to be updated, and was taken down")
    daemons = [one.daemons.get(pod.name.partition("-")[0]) for one in moment.history]
    if all(one is not None and one.on_delete for one in daemons):
        raise Broken(f"{pod} was fine on {host}, and only somebody may delete it, and it was taken down")
    beside = [one for one in available if one != pod and one.name.partition("-")[0] in moment.declared.daemons]
    if all(one is not None and one.surge and not one.on_delete for one in daemons) and not any(
        one.name.rpartition("-")[2] == last for one in beside
    ):
        raise Broken(f"{pod} was fine on {host}, and was taken down before another one was")
