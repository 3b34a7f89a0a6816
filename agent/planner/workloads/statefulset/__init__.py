"""A StatefulSet: pods that are not interchangeable, each with a name, an ordinal and claims of its own.

The rules are those of Kubernetes' controller. There are never two pods of one name: the place of a pod on a host that
cannot be seen is taken until the host is back, or a person says that it is off. An update takes a pod down, and makes
it anew under its name once it is gone.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from agent.model.memory import RolloutRecord
from agent.planner.live import Live
from agent.planner.rollout import Counts, advance
from agent.planner.template import Slot
from agent.planner.workload import Claim, Departure, Scope
from agent.planner.workloads.statefulset.pace import Pace, pace
from agent.planner.workloads.statefulset.report import kind_status, note
from agent.planner.workloads.statefulset.scene import Scene

__all__ = ["claim"]

_NO_CONTAINER: Final = "has no container, and nobody knows its template any more: made anew once it is gone"
_NEVER_WHOLE: Final = "lacks containers, and what they were to read has changed since: made anew once it is gone"


def claim(scope: Scope) -> Claim:
    """Return what a StatefulSet wants of its pods now."""
    scene = Scene(scope)
    steps = pace(scene)
    final = tuple(_slot(scene, steps, ordinal) for ordinal in scene.wanted)
    now = tuple(slot for slot in final if _allowed(scene, steps, slot.index))
    allowed = {slot.index for slot in now}
    current = tuple(scene.pods[slot.index] for slot in now if slot.index in scene.pods)
    kept = tuple(pod for one, pod in sorted(scene.pods.items()) if one not in allowed and one not in steps.gone)
    times = [at for pod in (*current, *kept) if (at := scene.available_at(pod)) is not None]
    soon = [at for at in times if at > scene.now]
    return Claim(
        template=scene.template,
        final=final,
        now=now,
        current=current,
        kept=kept,
        leaving=tuple(_departures(scene, steps)),
        lost=scene.lost,
        ready=len(times),
        available=len(times) - len(soon),
        holding=True,
        note=note(scene, kept),
        wake_at=min(soon, default=None),
        status=kind_status(scene, times),
        rollout=_record(scene, steps),
    )


def _slot(scene: Scene, steps: Pace, ordinal: int) -> Slot:
    """Return the place of an ordinal, with the template that its pod is made from, or is to stay with."""
    name = f"{scene.template.declared.key.name}-{ordinal}"
    slot, pod = scene.template.named_slot(name, ordinal), scene.pods.get(ordinal)
    if ordinal in steps.turned or (pod is not None and ordinal in scene.due and not _unfinished(scene, pod)):
        return slot
    if pod is not None and ordinal not in steps.gone:
        older = scene.template_of(pod)
    elif (older := scene.current) is not None:
        older = older.again or older
    return slot if older is None or older is scene.template else replace(slot, template=older)


def _allowed(scene: Scene, steps: Pace, ordinal: int) -> bool:
    """Tell whether the pod of an ordinal may be there, and is as it should be: older ones are left as they are."""
    if ordinal in steps.gone:
        return False
    pod = scene.pods.get(ordinal)
    if pod is None:
        return ordinal in steps.made
    return scene.newest(ordinal) or _unfinished(scene, pod)


def _unfinished(scene: Scene, pod: Live) -> bool:
    """Tell whether a pod of an older template lacks containers, and it is known what they are to be."""
    older = scene.template_of(pod)
    return older is not None and older.again is None and pod.lacks(older.names)


def _departures(scene: Scene, steps: Pace) -> Iterator[Departure]:
    for ordinal in sorted(steps.gone):
        pod = scene.pods[ordinal]
        if ordinal not in scene.wanted:
            summary = f"scaled down to {scene.spec.replicas}"
            yield Departure(pod=pod, reason="scaled-down", path="spec.replicas", summary=summary)
        else:
            if ordinal in steps.lifeless:
                summary = _NEVER_WHOLE if scene.template_of(pod) else _NO_CONTAINER
            elif pod.generation == scene.template.hash:
                summary = "sent away before, made anew once it is gone"
            else:
                summary = f"updated to {scene.template.hash}"
            yield Departure(pod=pod, reason="replaced", path="spec.template", summary=summary)


def _record(scene: Scene, steps: Pace) -> RolloutRecord:
    """Return what is to be remembered. Ordinals that had their turn matter as long as others had not."""
    newest = [one for one in scene.wanted if scene.newest(one)]
    available = [one for one in newest if scene.available(one)]
    older = [one for one in scene.wanted if one in scene.pods and not scene.newest(one)]
    settled = all(map(scene.available, scene.wanted)) and not steps.gone
    counts = Counts(
        updated=len(newest),
        available=len(available),
        older=len(older),
        whole=settled and set(scene.due) <= set(newest),
    )
    through = settled and len(newest) == len(scene.wanted)
    # As in Kubernetes the first template is current from the beginning: a host out of sight may make a pod of it.
    first = scene.record is None and not older
    current = scene.template.hash if through or first else scene.record.current if scene.record is not None else ""
    mixed = set(scene.wanted) - steps.turned
    record = advance(scene.record, scene.template.hash, counts, scene.now)
    turned = tuple(sorted(steps.turned & set(scene.wanted))) if mixed and current != scene.template.hash else ()
    return (
        record
        if (record.current, record.turned) == (current, turned)
        else replace(record, current=current, turned=turned)
    )
