"""What must be true once a fleet is at rest, read from the machines themselves."""

import hashlib

from agent.model.labels import AGENT as OWNED
from agent.model.objects.meta import PodKey
from agent.model.observation import SandboxSeen
from agent.simulator.declared import Declaration
from agent.simulator.machine import Machine
from agent.simulator.stage import AGENT, Stage


def check_converged(world: Stage, declared: Declaration) -> None:
    """Check that machines run exactly what is declared, and that nobody else's pods were touched."""
    for machine in world.machines.values():
        foreign = [one for one in machine.sandboxes.values() if one.config.labels.get(OWNED) != AGENT]
        _expect(len(foreign) == 1, f"foreign pods on {machine.name}: {foreign}")
        _expect(len(machine.ours(AGENT)) == len(machine.available(AGENT)), f"something does not run on {machine.name}")
        _expect(
            machine.pod_dirs == {one.config.uid for one in machine.ours(AGENT)}, f"folders left over on {machine.name}"
        )
    found = [
        (machine, key, sandbox)
        for machine in world.machines.values()
        for key, sandbox in sorted(machine.available(AGENT).items())
    ]
    for name, app in declared.apps.items():
        mine = [(machine, sandbox) for machine, _, sandbox in found if sandbox.config.labels.get("app") == name]
        _expect(len(mine) == app.replicas, f"{len(mine)} pods of {name}, {app.replicas} declared")
        for machine, sandbox in mine:
            _check_pod(
                machine, sandbox, app.image, declared.configs.get(app.config), declared.configs.get(app.variable)
            )
    for name, solo in declared.solos.items():
        here = [(machine, sandbox) for machine, key, sandbox in found if key == PodKey(namespace="default", name=name)]
        _expect([machine.name for machine, _ in here] == [solo.host], f"pod {name} is not exactly on {solo.host}")
        _check_pod(*here[0], solo.image, declared.configs.get(solo.config), None)
    wanted = sum(app.replicas for app in declared.apps.values()) + len(declared.solos)
    _expect(len(found) == wanted, f"{len(found)} pods run, {wanted} are declared")


def _check_pod(machine: Machine, sandbox: SandboxSeen, image: str, config: str | None, variable: str | None) -> None:
    name = f"{sandbox.config.name} on {machine.name}"
    containers = machine.inside(sandbox.id)
    running = [one for one in containers if one.state == "running" and one.config.name == "main"]
    _expect([one.config.image for one in running] == [image], f"{name} runs {[one.config.image for one in running]}")
    if config is not None:
        sha256 = hashlib.sha256(config.encode()).hexdigest()
        root = f"/{sandbox.config.uid}/volumes/"
        files = {one.sha256 for path, one in machine.files.items() if root in path and not one.link}
        _expect(files == {sha256}, f"{name} mounts other content than {config!r}")
    if variable is not None:
        values = [str(env.value) for env in running[0].config.envs if env.name == "TEXT"]
        _expect(values == [variable], f"{name} has TEXT={values}, not {variable!r}")


def _expect(holds: object, message: str) -> None:
    if not holds:
        raise AssertionError(message)
