"""What a host's desired state says of one pod, and whether two say the same."""

from collections.abc import Mapping

from agent.model.desired import DesiredPod, HostDesired, KeptPod, LeavingPod
from agent.model.objects.meta import PodKey

Wish = DesiredPod | KeptPod | LeavingPod


def wishes(desired: HostDesired | None) -> Mapping[PodKey, Wish]:
    """Return what is wanted of each pod that is mentioned; a pod that is not is to go."""
    if desired is None:
        return {}
    entries: tuple[Wish, ...] = (*desired.leaving, *desired.kept, *desired.pods)
    return {entry.key: entry for entry in entries}


def same_wish(one: Wish | None, other: Wish | None) -> bool:
    """Tell whether two wishes lead to the same pod.

    Where they were written does not count: a comment added above a manifest must not stop a running action. Absent
    and leaving are the same.
    """
    if one is other:
        return True
    if isinstance(one, DesiredPod) and isinstance(other, DesiredPod):
        return (
            one.spec == other.spec
            and one.labels == other.labels
            and one.annotations == other.annotations
            and {key: data.entries for key, data in one.config.items()}
            == {key: data.entries for key, data in other.config.items()}
        )
    return _leaves(one) == _leaves(other) and isinstance(one, KeptPod) == isinstance(other, KeptPod)


def _leaves(wish: Wish | None) -> bool:
    return wish is None or isinstance(wish, LeavingPod)
