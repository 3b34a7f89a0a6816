import random
from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from agent.simulator.declared import IMAGES, App, Declaration, Solo

Item = TypeVar("Item")

_BROKEN = (
    "kind: Deployment\n  apiVersion: [\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: broken}\nspec: {replicaz: 3}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: broken}\nspec: {containers: [{name: a, image: b, envFrom: [{}]}]}\n",
    "apiVersion: v1\nkind: Unheard\nmetadata: {name: broken}\n",
)


def first_declaration(rng: random.Random, hosts: int) -> Declaration:
    """Draw what the repository declares to begin with."""
    names = tuple(f"h{number}" for number in range(1, hosts + 1))
    apps = {name: _app(rng) for name in ("api", "web")[: rng.randint(1, 2)]}
    solos = {name: _solo(rng, names) for name in ("cache", "db")[: rng.randint(0, 2)]}
    return Declaration(hosts=names, apps=apps, solos=solos, configs={"one": "1", "two": "1"})


def next_declaration(rng: random.Random, before: Declaration) -> Declaration:
    """Draw a good change."""
    change = rng.choice(("scale", "image", "image", "bounds", "config", "config", "solo", "add", "drop"))
    apps, solos = dict(before.apps), dict(before.solos)
    app = rng.choice(sorted(apps)) if apps else ""
    if change == "config":
        name = rng.choice(sorted(before.configs))
        return replace(before, configs={**before.configs, name: str(rng.randint(2, 9))})
    if change == "solo":
        solos[rng.choice(("cache", "db"))] = _solo(rng, before.hosts)
    elif change == "drop" and len(apps) + len(solos) > 1:
        (apps if app and rng.random() < 0.5 else solos).pop(app, None) or apps.pop(app, None)
    elif change == "add" or not app:
        apps[rng.choice(("api", "web", "job"))] = _app(rng)
    elif change == "scale":
        apps[app] = replace(apps[app], replicas=rng.randint(0, 6))
    elif change == "image":
        apps[app] = replace(apps[app], image=rng.choice(IMAGES))
    elif change == "bounds":
        apps[app] = _bounded(rng, apps[app])
    return replace(before, apps=_sorted(apps), solos=_sorted(solos))


def bad_declaration(rng: random.Random, before: Declaration) -> Declaration:
    """Draw a commit that must be refused, and that would do the most harm if it was not: everything else is gone."""
    return Declaration(hosts=before.hosts, configs=before.configs, broken=rng.choice(_BROKEN))


def _app(rng: random.Random) -> App:
    app = App(
        replicas=rng.randint(1, 5),
        image=rng.choice(IMAGES),
        surge=1,
        unavailable=0,
        config=rng.choice(("", "one")),
        variable=rng.choice(("", "", "two")),
        init=rng.choice(((), (), ("init",), ("init", "init"), ("init", "sidecar", "init"), ("sidecar",))),
        probed=rng.random() < 0.3,
    )
    return _bounded(rng, app)


def _bounded(rng: random.Random, app: App) -> App:
    surge, unavailable = rng.choice(((1, 0), (0, 1), (1, 1), (2, 1), (2, 0)))
    return replace(app, surge=surge, unavailable=unavailable)


def _solo(rng: random.Random, hosts: tuple[str, ...]) -> Solo:
    return Solo(host=rng.choice(hosts), image=rng.choice(IMAGES), config=rng.choice(("", "one")))


def _sorted(items: Mapping[str, Item]) -> dict[str, Item]:
    return dict(sorted(items.items()))
