"""A wanted count that changes while pods of several templates live: each template gets its share, as in Kubernetes."""

from collections.abc import Mapping

from agent.planner.workloads.deployment.scene import Scene

Sizes = Mapping[str, int]
"""How many pods of each template there are to be, by hash, the oldest template first."""


def sizes_of(scene: Scene) -> Sizes:
    """Return the sizes of all templates: those of the last plan, scaled when the wanted count is another one now."""
    record, newest = scene.record, scene.template.hash
    sizes = {one.generation: one.size for one in scene.older}
    sizes[newest] = scene.renewed + (len(scene.current) if record is None else record.sizes.get(newest, 0))
    if len(sizes) == 1:
        return sizes
    total, replicas = sum(sizes.values()), scene.spec.replicas
    before = record.most if record is not None else 0
    changed = record is not None and record.hash == newest and (record.replicas, record.most) != (replicas, scene.most)
    if scene.spec.paused:
        changed = changed or not replicas <= total <= scene.most
        active = [one for one, size in sizes.items() if size]
        if len(active) == 1:
            return sizes | {active[0]: replicas}
    if not changed:
        return sizes
    return proportional(sizes, replicas=replicas, most=scene.most, before=before or total)


def proportional(sizes: Sizes, *, replicas: int, most: int, before: int) -> Sizes:
    """Share out what is to be added or taken away, larger templates first; what rounding leaves is the largest one's.

    ``before`` is how many pods there might be until now, ``most`` how many there may be from now on. Of templates of
    one size the newer gets first, and the older gives first.
    """
    most = most if replicas else 0
    left = add = most - sum(sizes.values())
    if not add:
        return sizes
    active = [one for one, size in sizes.items() if size]
    after, order = dict(sizes), sorted(active[::-1] if add > 0 else active, key=lambda one: -sizes[one])
    for one in order:
        fraction = _rounded(sizes[one] * most, before) - sizes[one]
        share = min(fraction, left) if add > 0 else max(fraction, left)
        after[one], left = sizes[one] + share, left - share
    if order:
        after[order[0]] = max(0, after[order[0]] + left)
    return after


def _rounded(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
