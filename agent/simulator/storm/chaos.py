"""What a repository declares in a storm, and how people change it."""

import random
from collections.abc import Callable, Collection, Mapping
from typing import Final

from msgspec.structs import replace

from agent.simulator.declared import IMAGES, App
from agent.simulator.kinds.chaos import at_last, first_kinds, next_kinds
from agent.simulator.kinds.declared import Crowd, Daemon, Kinds, Priority, Set, Work

_CORES: Final = 10
"""Of each host: room for all that is small, and for ``_FEW`` of each crowd, wherever they are."""
_FEW: Final = 3
_MANY: Final = 8
"""Fleets of more hosts are not filled: that takes long, and shows nothing else."""
_ZONES: Final = ("Etc/UTC", "Europe/Berlin", "America/New_York")
_VALUES: Final[Mapping[Priority, int]] = {"low": -10, "high": 1000, "polite": 100}


def first_storm(rng: random.Random, apps: Mapping[str, App], hosts: Collection[str]) -> Kinds:
    """Draw what the repository declares to begin with."""
    kinds = first_kinds(rng, apps)
    return replace(
        kinds,
        cores=_CORES,
        priorities=_VALUES,
        crowds=_thinned({name: _crowd(rng, name, len(hosts)) for name in ("bulk", "vital")}),
        sets={name: _set(rng, one) for name, one in kinds.sets.items()},
        daemons={"log": _daemon(rng)},
        works={"import": _work(rng), "nightly": _cron(rng)},
        request=rng.choice(("", "50m")),
    )


def next_storm(rng: random.Random, before: Kinds, hosts: tuple[str, ...], off: Collection[str]) -> Kinds:
    """Draw a good change; ``off`` are hosts that are really off, which nobody else is said to be."""
    if rng.random() < 0.2:
        return next_kinds(rng, before, hosts)
    return rng.choice(_CHANGES)(rng, before, hosts, off)


def calm(kinds: Kinds) -> Kinds:
    """Return what can come to rest: there is room for all, every host is open, jobs go on."""
    quiet = at_last(kinds)
    return replace(
        quiet,
        cordoned=(),
        forgotten=(),
        quota=0,
        crowds=_thinned(quiet.crowds),
        works={name: work if work.schedule else replace(work, suspended=False) for name, work in quiet.works.items()},
    )


def _thinned(crowds: Mapping[str, Crowd]) -> Mapping[str, Crowd]:
    return {name: replace(one, replicas=min(one.replicas, _FEW)) for name, one in crowds.items()}


def _sets(rng: random.Random, before: Kinds, _hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    name = rng.choice(("db", "queue"))
    known = before.sets.get(name)
    one = _set(rng, known or Set(replicas=rng.randint(1, 4), image=IMAGES[0], claims=rng.random() < 0.5))
    if rng.random() < 0.5:
        one = replace(one, image=rng.choice(IMAGES))
    return replace(before, sets=dict(sorted({**before.sets, name: one}.items())))


def _daemons(rng: random.Random, before: Kinds, _hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    return replace(before, daemons={"log": _daemon(rng)})


def _works(rng: random.Random, before: Kinds, _hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    name = rng.choice(("import", "export"))
    known = before.works.get(name)
    if known is None or rng.random() < 0.3:
        work = _work(rng)
        if known is not None and work.image == known.image:
            work = replace(known, parallelism=work.parallelism)
    else:
        work = replace(known, suspended=not known.suspended, limit=rng.choice((known.limit, 1000)))
    return replace(before, works=dict(sorted({**before.works, name: work}.items())))


def _crons(rng: random.Random, before: Kinds, _hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    return replace(before, works={**before.works, "nightly": _cron(rng)})


def _crowds(rng: random.Random, before: Kinds, hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    name = rng.choice(("bulk", "bulk", "vital"))
    return replace(before, crowds={**before.crowds, name: _crowd(rng, name, len(hosts))}, quota=0)


def _priorities(rng: random.Random, before: Kinds, _hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    return replace(before, priorities={**_VALUES, "high": rng.choice((-20, 50, 1000)), "low": rng.choice((-10, 10))})


def _quota(rng: random.Random, before: Kinds, hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    """Bound all together, by about what there is: less than that is refused, a bit more bounds what comes besides."""
    replicas = sum([one.replicas for one in before.crowds.values()] + [one.replicas for one in before.sets.values()])
    runs = sum(one.parallelism for one in before.works.values()) + sum(one.most for one in before.scaled.values())
    return replace(before, quota=rng.choice((0, replicas + runs + len(hosts) + rng.randint(0, 12))))


def _request(rng: random.Random, before: Kinds, _hosts: tuple[str, ...], _off: Collection[str]) -> Kinds:
    return replace(before, request=rng.choice(("", "50m", "100m")))


def _hosts(rng: random.Random, before: Kinds, hosts: tuple[str, ...], off: Collection[str]) -> Kinds:
    """Close hosts, or open them again; only what is really off is said to be."""
    if off and rng.random() < 0.6:
        return replace(before, forgotten=tuple(sorted(off)))
    if rng.random() < 0.5:
        return replace(before, cordoned=(), drained=(), forgotten=())
    name = rng.choice(hosts)
    if rng.random() < 0.5:
        return replace(before, drained=(name,), cordoned=tuple(one for one in before.cordoned if one != name))
    return replace(before, cordoned=tuple(sorted({*before.cordoned, name} - {*before.drained})))


_CHANGES: Final[tuple[Callable[[random.Random, Kinds, tuple[str, ...], Collection[str]], Kinds], ...]] = (
    _sets,
    _sets,
    _daemons,
    _works,
    _works,
    _crons,
    _crowds,
    _crowds,
    _priorities,
    _quota,
    _quota,
    _request,
    _hosts,
    _hosts,
    _hosts,
)


def _set(rng: random.Random, known: Set) -> Set:
    """Return a set that is updated in another way."""
    return replace(
        known,
        replicas=rng.randint(0, 4),
        partition=rng.choice((0, 0, 1, 2)),
        unavailable=rng.choice((1, 1, 2)),
        on_delete=rng.random() < 0.2,
        expendable=rng.random() < 0.5,
    )


def _daemon(rng: random.Random) -> Daemon:
    how = rng.choice(("one", "two", "surge", "surge", "delete"))
    return Daemon(
        image=rng.choice(IMAGES),
        unavailable=2 if how == "two" else 1,
        surge=1 if how == "surge" else 0,
        on_delete=how == "delete",
    )


def _work(rng: random.Random) -> Work:
    indexed = rng.random() < 0.5
    return Work(
        completions=rng.randint(1, 4),
        parallelism=rng.randint(1, 3),
        image=rng.choice(IMAGES),
        indexed=indexed,
        limit=rng.choice((1, 3, 1000)),
        failing=rng.choice(("counts", "ends", "spares")),
        early=indexed and rng.random() < 0.4,
        suspended=rng.random() < 0.2,
    )


def _cron(rng: random.Random) -> Work:
    work = Work(
        completions=1, parallelism=1, image=rng.choice(IMAGES), policy=rng.choice(("Allow", "Forbid", "Replace"))
    )
    if rng.random() < 0.5:
        return replace(work, minutes=rng.choice((1, 5)), zone=rng.choice(_ZONES))
    # Times that a change of the clocks skips or repeats, and their neighbours.
    return replace(
        work, at=rng.choice(("30 2 * * *", "30 1 * * *", "0 2,3 * * *", "*/20 1-3 * * *")), zone=rng.choice(_ZONES)
    )


def _crowd(rng: random.Random, name: str, hosts: int) -> Crowd:
    most = (_CORES if name == "bulk" else 2) * hosts if hosts <= _MANY else 3
    priority: Priority = "low" if name == "bulk" else rng.choice(("high", "high", "polite"))
    return Crowd(replicas=rng.randint(0, most), image=rng.choice(IMAGES), priority=priority)
