"""Small fleets for scenarios: no chance in them but the order of turns."""

import random

from agent.simulator.declared import App, Declaration, Solo
from agent.simulator.machine import Machine
from agent.simulator.stage import AGENT
from agent.simulator.world import World

ONE, TWO, THREE = (f"registry.test/app:{number}" for number in (1, 2, 3))
BROKEN = "apiVersion: v1\nkind: Unheard\nmetadata: {name: broken}\n"


def app(replicas: int = 3, image: str = ONE, **more: object) -> App:
    return App(**{"replicas": replicas, "image": image, "surge": 1, "unavailable": 0, **more})  # type: ignore[arg-type]  # a test's own defaults


def declaration(hosts: int = 2, **more: object) -> Declaration:
    names = tuple(f"h{number}" for number in range(1, hosts + 1))
    return Declaration(**{"hosts": names, "apps": {"web": app()}, "configs": {"one": "1"}, **more})  # type: ignore[arg-type]  # a test's own defaults


def solo(host: str = "h1", image: str = ONE, config: str = "") -> Solo:
    return Solo(host=host, image=image, config=config)


def fleet(declared: Declaration, seed: int = 1) -> World:
    """A fleet that is converged to what it declares."""
    world = World(random.Random(seed), declared.hosts)
    world.push(declared)
    world.settle()
    world.trace.clear()
    return world


def pods(world: World) -> list[str]:
    """Every pod that runs, as ``host/pod image``."""
    return sorted(
        f"{machine.name}/{key.name} {container.config.image}"
        for machine in world.machines.values()
        for key, sandbox in machine.available(AGENT).items()
        for container in machine.inside(sandbox.id)
        if container.state == "running"
    )


def images(world: World) -> list[str]:
    return sorted(pod.split()[1] for pod in pods(world))


def actions(world: World) -> list[str]:
    """What was begun since the trace was cleared."""
    return [line for line in world.trace if ": begins " in line]


def reasons_of_events(world: World) -> list[str]:
    return [event.reason for event in world.journal.events]


def first_pod(world: World) -> tuple[Machine, str, str]:
    """A machine, a sandbox of ours on it, and a container in that."""
    machine = next(one for one in world.machines.values() if one.ours(AGENT))
    sandbox = machine.ours(AGENT)[0]
    return machine, sandbox.id, machine.inside(sandbox.id)[0].id
