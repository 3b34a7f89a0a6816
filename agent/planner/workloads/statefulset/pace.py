"""How fast a StatefulSet gets to what is declared: which pods may be made now, which go, and whose turn it is."""

from collections.abc import Iterator
from typing import NamedTuple

from agent.planner.workloads.statefulset.scene import Scene


class Pace(NamedTuple):
    """What may happen now, by ordinal.

    ``made`` have no pod and may get one, the pods of ``gone`` go, ``turned`` are of the newest template from now on.
    ``lifeless`` are those of ``gone`` that go since they can never run.
    """

    made: frozenset[int]
    gone: frozenset[int]
    lifeless: frozenset[int]
    turned: frozenset[int]


def pace(scene: Scene) -> Pace:
    """Decide what may happen now."""
    made, condemned = _made(scene), _condemned(scene)
    busy = sum(scene.going(one) or (scene.newest(one) and not scene.available(one)) for one in scene.wanted)
    turned = _turned(scene, busy)
    replaced = _replaced(scene, busy + len(made))
    lifeless = frozenset(_lifeless(scene)) - frozenset(replaced)
    gone = {*condemned, *replaced, *lifeless, *(one for one in scene.pods if scene.going(one))}
    return Pace(made=made, gone=frozenset(gone), lifeless=lifeless, turned=frozenset({*turned, *replaced}))


def _made(scene: Scene) -> frozenset[int]:
    """Return the ordinals whose pods may be made: in order, each once all below it are available."""
    missing = scene.missing()
    if not scene.ordered or not missing:
        return frozenset(missing)
    blocking = next(ordinal for ordinal in scene.wanted if not scene.available(ordinal))
    return frozenset({blocking} & {missing[0]})


def _condemned(scene: Scene) -> list[int]:
    """Return the ordinals that go since fewer are wanted: in order, the highest first and one at a time.

    Those below have to be available, as far as they are wanted: what goes itself holds nothing up.
    """
    condemned = scene.condemned()
    if not scene.ordered:
        return condemned
    if any(map(scene.going, condemned)) or not all(map(scene.available, scene.wanted)):
        return []
    return condemned[:1]


def _turned(scene: Scene, busy: int) -> set[int]:
    """Return the ordinals that are of the newest template already, or that their missing pod is to be made from.

    That one is not available anyhow. But while new pods are not available, as many as may be, others come back as they
    were: a template that does not work must not spread by accidents.
    """
    record = scene.record
    known = record.turned if record is not None and record.hash == scene.template.hash else ()
    turned = {one for one in known if one in scene.due} | {one for one in scene.wanted if scene.newest(one)}
    if scene.current is None or not scene.rolls:
        return turned | set(scene.missing())
    return turned | {one for one in scene.missing() if one in scene.due and busy < scene.unavailable}


def _replaced(scene: Scene, busy: int) -> list[int]:
    """Return the ordinals whose older pods go, to be made from the newest template.

    Available ones go from the highest down, as far as enough stay available. One that is not even ready need not be
    spared: so a broken template is got rid of, forwards or backwards, which Kubernetes waits for a person to do. It
    counts against what may change at once (``busy``), so that another broken one cannot spread like this.
    """
    older = [one for one in scene.due if one in scene.pods and not scene.newest(one) and not scene.going(one)]
    broken = [one for one in older if scene.pods[one].seen and scene.available_at(scene.pods[one]) is None]
    # Pods are made in order from the lowest, so that is the one that holds up all others.
    chosen = (broken if scene.ordered else broken[::-1])[: max(0, scene.unavailable - busy)]
    if scene.ordered and scene.condemned():
        return chosen
    unavailable = sum(not scene.available(ordinal) for ordinal in scene.wanted)
    healthy = [one for one in reversed(older) if scene.available(one)]
    return [*chosen, *healthy[: max(0, scene.unavailable - unavailable)]]


def _lifeless(scene: Scene) -> Iterator[int]:
    """Yield the ordinals whose pods can never be whole: nobody knows what the containers that they lack were to be.

    Of a template that nobody remembers only a pod without any container is known to lack some.
    """
    for ordinal in scene.wanted:
        pod = scene.pods.get(ordinal)
        if pod is None or not pod.seen or scene.newest(ordinal) or scene.going(ordinal):
            continue
        older = scene.template_of(pod)
        if not pod.names if older is None else older.again is not None and pod.lacks(older.names):
            yield ordinal
