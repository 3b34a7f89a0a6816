"""What must be true of every kind once a fleet is at rest."""

from collections import Counter

from agent.model.labels import OWNER
from agent.model.memory import Memory
from agent.simulator.declared import Declaration
from agent.simulator.machine import Machine


def check_kinds(machines: dict[str, Machine], agent: str, declared: Declaration, memory: Memory) -> None:
    """Check that machines run what is declared of every kind, and that jobs did what they were to do."""
    kinds = declared.kinds
    running = Counter(
        (sandbox.config.annotations.get(OWNER, ""), machine.name)
        for machine in machines.values()
        for sandbox in machine.available(agent).values()
    )
    by_owner: Counter[str] = Counter()
    for (owner, _), number in running.items():
        by_owner[owner] += number
    for name, app in declared.apps.items():
        _expect(by_owner[f"Deployment/default/{name}"], app.replicas, name)
    for name, one in kinds.sets.items():
        _expect(by_owner[f"StatefulSet/default/{name}"], one.replicas, name)
        names = {key.name for machine in machines.values() for key in machine.available(agent)}
        missing = {f"{name}-{ordinal}" for ordinal in range(one.replicas)} - names
        _expect(sorted(missing), [], f"pods that {name} lacks")
    for name in kinds.daemons:
        for host in declared.hosts:
            _expect(running[f"DaemonSet/default/{name}", host], 1, f"{name} on {host}")
    for name, scaled in kinds.scaled.items():
        number = by_owner[f"Deployment/default/{name}"]
        if not scaled.least <= number <= scaled.most:
            raise AssertionError(f"{number} pods of {name}, {scaled.least} to {scaled.most} are declared")
    for name, work in kinds.works.items():
        if work.minutes == 0:
            record = memory.jobs.get(f"Job default/{name}")
            done = (record.outcome, record.succeeded) if record is not None else ("", 0)
            _expect(done, ("Complete", work.completions), name)


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")
