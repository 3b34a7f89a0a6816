"""What a DaemonSet says of itself: Kubernetes' counts, and what a person should know or do."""

from collections.abc import Sequence

from agent.model.kindstatus import DaemonSetStatus
from agent.planner.live import Live, names_of
from agent.planner.workloads.daemonset.scene import Scene


def kind_status(scene: Scene) -> DaemonSetStatus:
    """Return the status as Kubernetes has it: counts of hosts."""
    there = {host: (*on.newest, *on.older) for host, on in scene.on.items()}
    available = sum(scene.serves(host) for host in scene.wanted)
    return DaemonSetStatus(
        desired_number_scheduled=len(scene.wanted),
        current_number_scheduled=sum(bool(there[host]) for host in scene.wanted),
        number_misscheduled=sum(bool(pods) for host, pods in there.items() if scene.standing[host] != "wanted"),
        number_ready=sum(any(scene.available_at(pod) is not None for pod in there[host]) for host in scene.wanted),
        number_available=available,
        number_unavailable=len(scene.wanted) - available,
        updated_number_scheduled=sum(bool(scene.on[host].newest) for host in scene.wanted),
    )


def note(scene: Scene, kept: Sequence[Live]) -> str:
    """Return what a person should know; empty when there is nothing."""
    said = []
    unseen = [pod for host in scene.wanted for pod in scene.on[host].newest + scene.on[host].older if not pod.seen]
    if any(pod.seen for pod in kept) and scene.rolls and not scene.surge and len(unseen) >= scene.unavailable:
        hosts = ", ".join(sorted({pod.host for pod in unseen}))
        said.append(
            f"{hosts} cannot be seen, so that no other host may be without its pod; say of one that is off for good "
            "`trimtab host forget NAME`"
        )
    suffered = [pod for pod in kept if scene.standing[pod.host] == "suffered"]
    if suffered:
        said.append(f"{names_of(suffered)} of an older template: a taint keeps newer pods away")
    held = [pod for pod in kept if scene.standing[pod.host] == "wanted"]
    if held and not scene.rolls:
        said.append(f"{names_of(held)} of an older template until somebody removes them (updateStrategy OnDelete)")
    return "; ".join(said)
