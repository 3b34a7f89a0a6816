"""Which PersistentVolume suits a claim: Kubernetes' FindMatchingVolume."""

from collections.abc import Callable, Iterable, Mapping

from agent.model.objects.storage import PersistentVolume
from agent.model.quantity import whole
from agent.model.selector import selects
from agent.planner.scheduler.nodes import suits
from agent.planner.storage.uses import Asked


def match(
    asked: Asked,
    storage_class: str,
    volumes: Iterable[PersistentVolume],
    *,
    free: Callable[[str], bool],
    near: Callable[[PersistentVolume], bool],
    used: Callable[[PersistentVolume], bool],
) -> PersistentVolume | None:
    """Return the volume for a claim: the one that is kept for it, else the smallest that fits.

    ``free`` tells whether a volume is bound to nobody else, ``near`` whether it can be reached from where it has to
    be, ``used`` whether a pod that runs shows that the claim had this volume before. Equal ones are told apart by
    name.
    """
    fitting = [
        one
        for one in volumes
        if free(one.metadata.name)
        and near(one)
        and fits(one, asked, storage_class)
        and _kept_for(one, asked) is not False
    ]
    return min(
        fitting,
        key=lambda one: (_kept_for(one, asked) is not True, not used(one), capacity(one), one.metadata.name),
        default=None,
    )


def fits(volume: PersistentVolume, asked: Asked, storage_class: str) -> bool:
    """Tell whether a volume can serve a claim, wherever it is and whoever has it."""
    spec, wanted = volume.spec, asked.spec
    named = wanted.volume_name in {"", volume.metadata.name}
    modes = set(wanted.access_modes) <= set(spec.access_modes)
    chosen = wanted.selector is None or selects(wanted.selector, volume.metadata.labels)
    return named and modes and chosen and spec.storage_class_name == storage_class and capacity(volume) >= size(asked)


def _kept_for(volume: PersistentVolume, asked: Asked) -> bool | None:
    """Tell whether a volume is kept for this claim, for another (False), or for none (None)."""
    kept = volume.spec.claim_ref
    return None if kept is None else f"{kept.namespace}/{kept.name}" == asked.name


def reachable(volume: PersistentVolume, host: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a volume can be reached from a host."""
    affinity = volume.spec.node_affinity
    return affinity is None or suits(affinity.required, host, labels)


def capacity(volume: PersistentVolume) -> int:
    """Return how many bytes a volume has."""
    return whole(volume.spec.capacity.get("storage", 0))


def size(asked: Asked) -> int:
    """Return how many bytes a claim asks for."""
    return whole(asked.spec.resources.requests.get("storage", 0))
