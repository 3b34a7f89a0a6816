"""Which images go when their disk fills up: least recently used first, as a kubelet does.

Only what trimtab itself pulled: the runtime's store is shared with whoever else uses the host.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from agent.model.chores import RemoveImage
from agent.model.desired import HostDesired
from agent.model.observation import ImageSeen, Seen
from agent.model.usage import Filesystem, Usage
from agent.model.value import Value
from agent.planner.host.images import canonical, image_store
from agent.planner.upkeep.policy import Policy


class Removable(Value, frozen=True, kw_only=True):
    """Images to remove; ``short`` says why that is not enough, empty where it is."""

    chores: tuple[RemoveImage, ...] = ()
    short: str = ""


def last_used(needed: AbstractSet[str], seen: Seen, before: Mapping[str, float], now: float) -> Mapping[str, float]:
    """Return when each image of a host was last needed; one that was never seen before counts as needed now."""
    return {image.id: now if image.id in needed else before.get(image.id, now) for image in seen.images}


def removable(
    idle: Sequence[ImageSeen], usage: Usage, used: Mapping[str, float], now: float, policy: Policy, *, pressed: bool
) -> Removable:
    """Return which of the images that nobody needs go, so that there is room again; none while there is room.

    All of them go, however new, on a host that is ``pressed`` for room: before any pod does.
    """
    if pressed:
        policy = replace(policy, image_high=0.0, image_low=0.0, image_age=0.0)
    disk = usage.images
    if disk is None or disk.size_bytes <= 0 or policy.image_high >= 1 or _fullness(disk) < policy.image_high:
        return Removable()
    unused = [image for image in idle if used[image.id] <= now - policy.image_age and not image.pinned]
    pulled = {image.id: names for image in unused if (names := _pulled(image, usage))}
    mine = sorted((image for image in unused if image.id in pulled), key=lambda one: (used[one.id], one.id))
    excess = (1 - policy.image_low) * disk.size_bytes - disk.available_bytes
    chores: list[RemoveImage] = []
    for image in mine:
        if excess <= 0:
            break
        chores.append(RemoveImage(id=image.id, names=pulled[image.id], size=image.size))
        excess -= image.size
    return Removable(chores=tuple(chores), short=_short(disk, len(unused) - len(mine)) if excess > 0 else "")


def _fullness(disk: Filesystem) -> float:
    """Return how full a disk is, in whole percents as a kubelet counts: what is kept for root is not free, either."""
    return -(-100 * (disk.size_bytes - disk.available_bytes) // disk.size_bytes) / 100


def _short(disk: Filesystem, foreign: int) -> str:
    full = f"the disk of images ({disk.path}) is {_fullness(disk):.0%} full"
    if not foreign:
        return f"{full} and no image on it is unused: free space there, or give it a larger disk"
    return (
        f"{full} and {foreign} unused image{'s' if foreign > 1 else ''} on it {'were' if foreign > 1 else 'was'} not "
        "pulled by trimtab, which leaves them alone: remove them by hand (crictl rmi --prune), or give it a larger disk"
    )


def _pulled(image: ImageSeen, usage: Usage) -> tuple[str, ...]:
    """Return the references by which trimtab pulled an image."""
    names = frozenset(map(canonical, (*image.tags, *image.digests)))
    return tuple(sorted(one for one in usage.pulled if canonical(one) in names))


def needed_images(desired: HostDesired, seen: Seen) -> frozenset[str]:
    """Return the ids of images that a container uses, whosever it is, or that a pod asks for."""
    store = image_store(seen)
    names = {canonical(name) for name in _wanted(desired)} | {canonical(one.config.image) for one in seen.containers}
    found = {store[name].id for name in names if name in store}
    refs = {one.image_ref for one in seen.containers}
    found |= {image.id for image in seen.images if image.id in refs or not refs.isdisjoint(image.digests)}
    return frozenset(found)


def _wanted(desired: HostDesired) -> Iterator[str]:
    for pod in desired.pods:
        yield from (container.image for container in pod.spec.every_container)
        yield from (volume.image.reference for volume in pod.spec.volumes if volume.image is not None)
