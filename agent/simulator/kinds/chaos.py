import random
from collections.abc import Mapping

from msgspec.structs import replace

from agent.simulator.declared import IMAGES, App
from agent.simulator.kinds.declared import Daemon, Kinds, Scaled, Set, Work


def first_kinds(rng: random.Random, apps: Mapping[str, App]) -> Kinds:
    """Draw what the repository declares of every kind to begin with."""
    return budgeted(
        Kinds(
            sets={name: _set(rng) for name in ("db", "queue")[: rng.randint(1, 2)]},
            daemons={"log": Daemon(image=rng.choice(IMAGES))},
            works={"import": _work(rng), "nightly": _cron(rng)},
            scaled={"shop": _scaled(rng)} if rng.random() < 0.7 else {},
        ),
        apps,
    )


def next_kinds(rng: random.Random, before: Kinds, hosts: tuple[str, ...]) -> Kinds:
    """Draw a good change."""
    sets, works = dict(before.sets), dict(before.works)
    match rng.choice(("set", "set", "drop", "daemon", "job", "cron", "scaled", "drain", "drain")):
        case "set":
            name = rng.choice(("db", "queue"))
            known = sets.get(name)
            sets[name] = _changed(rng, known) if known is not None else _set(rng)
        case "drop":
            sets.pop(rng.choice(("db", "queue")), None)
        case "daemon":
            return replace(before, daemons={"log": Daemon(image=rng.choice(IMAGES))})
        case "job":
            name, work = rng.choice(("import", "export")), _work(rng)
            if name in works and work.image == works[name].image:
                # Another template makes it another job; how often one that runs has to succeed does not change.
                work = replace(works[name], parallelism=work.parallelism)
            works[name] = work
        case "cron":
            works["nightly"] = _cron(rng)
        case "scaled":
            return replace(before, scaled={"shop": _scaled(rng)})
        case "drain" if len(hosts) > 1:
            away = rng.choice(hosts)
            return replace(before, drained=() if before.drained else (away,))
    return replace(before, sets=dict(sorted(sets.items())), works=dict(sorted(works.items())))


def at_last(kinds: Kinds) -> Kinds:
    """Return what can come to rest: no host is drained, and no clock makes jobs any more."""
    quiet = {name: replace(work, suspended=True) if work.schedule else work for name, work in kinds.works.items()}
    return replace(kinds, works=quiet, drained=())


def budgeted(kinds: Kinds, apps: Mapping[str, App]) -> Kinds:
    """Return what is declared with a budget for each Deployment: as many as a rollout keeps available, but for one.

    That of ``web`` lets pods go that fail.
    """
    budgets = {name: max(0, app.replicas - max(1, app.unavailable)) for name, app in apps.items()}
    return replace(kinds, budgets=budgets, lenient=tuple(name for name in budgets if name == "web"))


def _set(rng: random.Random) -> Set:
    return Set(
        replicas=rng.randint(1, 4),
        image=rng.choice(IMAGES),
        parallel=rng.random() < 0.3,
        claims=rng.random() < 0.3,
    )


def _changed(rng: random.Random, known: Set) -> Set:
    """Return a set with another template or count: all else of it cannot change."""
    if rng.random() < 0.5:
        return replace(known, image=rng.choice(IMAGES))
    return replace(known, replicas=rng.randint(0, 4))


def _work(rng: random.Random) -> Work:
    return Work(
        completions=rng.randint(1, 4),
        parallelism=rng.randint(1, 3),
        image=rng.choice(IMAGES),
        indexed=rng.random() < 0.5,
    )


def _cron(rng: random.Random) -> Work:
    policy = rng.choice(("Allow", "Forbid", "Replace"))
    work = Work(completions=1, parallelism=1, image=rng.choice(IMAGES), minutes=rng.choice((1, 5)))
    return replace(work, policy=policy)


def _scaled(rng: random.Random) -> Scaled:
    least = rng.randint(1, 2)
    return Scaled(image=rng.choice(IMAGES), least=least, most=least + rng.randint(0, 3))
