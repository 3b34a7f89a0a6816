"""What must be true of every kind once a fleet is at rest."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from agent.model.labels import OWNER
from agent.model.memory import JobRecord, Memory
from agent.model.observation import SandboxSeen
from agent.simulator.declared import Declaration
from agent.simulator.kinds.declared import MANY, Set, Work
from agent.simulator.machine import Machine


def check_kinds(machines: dict[str, Machine], agent: str, declared: Declaration, memory: Memory) -> None:
    """Check that machines run what is declared of every kind, and that jobs did what they were to do."""
    kinds = declared.kinds
    running = [
        _Pod(sandbox.config.annotations.get(OWNER, ""), machine.name, key.name, _image(machine, sandbox))
        for machine in machines.values()
        for key, sandbox in machine.available(agent).items()
    ]
    counts = Counter(pod.owner for pod in running)
    wanted = {name: (app.replicas, app.image) for name, app in declared.apps.items()}
    wanted |= {name: (crowd.replicas, crowd.image) for name, crowd in kinds.crowds.items()}
    for name, (replicas, image) in wanted.items():
        _expect(counts[f"Deployment/default/{name}"], replicas, name)
        _expect(_images(running, f"Deployment/default/{name}"), {image} if replicas else set(), f"images of {name}")
    for name, one in kinds.sets.items():
        _check_set(name, one, [pod for pod in running if pod.owner == f"StatefulSet/default/{name}"])
    for name, daemon in kinds.daemons.items():
        mine = [pod for pod in running if pod.owner == f"DaemonSet/default/{name}"]
        _expect(sorted(pod.host for pod in mine), sorted(declared.hosts), f"hosts of {name}")
        if not daemon.on_delete:
            _expect({pod.image for pod in mine}, {daemon.image}, f"images of {name}")
    for name, scaled in kinds.scaled.items():
        number = counts[f"Deployment/default/{name}"]
        if not scaled.least <= number <= scaled.most:
            raise AssertionError(f"{number} pods of {name}, {scaled.least} to {scaled.most} are declared")
    for name, work in kinds.works.items():
        if not work.schedule:
            _check_work(name, work, memory.jobs.get(f"Job default/{name}"))


class _Pod(NamedTuple):
    owner: str
    host: str
    name: str
    image: str


def _image(machine: Machine, sandbox: SandboxSeen) -> str:
    mains = [one.config for one in machine.inside(sandbox.id) if one.config.name == "main" and one.state == "running"]
    return mains[0].image if mains else ""


def _images(running: Iterable[_Pod], owner: str) -> set[str]:
    return {pod.image for pod in running if pod.owner == owner}


def _check_set(name: str, one: Set, mine: Iterable[_Pod]) -> None:
    """Check that a set has its pods, and that those that are to be updated are of the newest template."""
    images = {pod.name: pod.image for pod in mine}
    _expect(sorted(images), sorted(f"{name}-{ordinal}" for ordinal in range(one.replicas)), f"pods of {name}")
    older = [pod for pod, image in images.items() if one.is_due(int(pod[len(name) + 1 :])) and image != one.image]
    _expect(older, [], f"pods of {name} that are not updated")


def _check_work(name: str, work: Work, record: JobRecord | None) -> None:
    """Check that a job came to its end; why, it was asked when it did: a limit may be another one since."""
    outcome, succeeded = (record.outcome, record.succeeded) if record is not None else ("", 0)
    exceeded = record is not None and record.reason == "BackoffLimitExceeded"
    if exceeded or work.limit < MANY or work.failing == "ends" or work.early:
        _expect(outcome in {"Complete", "Failed"}, True, name)
    else:
        _expect((outcome, succeeded), ("Complete", work.completions), name)


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")
