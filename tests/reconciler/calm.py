"""Simulated hosts for real threads: no faults but those that a test asks for, and the real time."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agent.model.action import Action, AnyStep
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared
from agent.model.observation import Seen
from agent.model.plan import FingerprintKey
from agent.planner.host.images import canonical
from agent.ports import MetricsServer, PortError
from agent.reconciler.agent import Agent
from agent.reconciler.reporting.snapshot import Snapshot
from agent.reconciler.settings import Settings
from agent.simulator.clock import SimulatedClock
from agent.simulator.declared import IMAGES, Declaration
from agent.simulator.effects import carry_out
from agent.simulator.host import SimulatedHost
from agent.simulator.journal import SimulatedJournal
from agent.simulator.machine import Machine
from agent.simulator.source import SimulatedSource

LONG = 60.0
"""Far more than anything here takes: only a failing test waits for so long."""


class RealClock(SimulatedClock):
    def now(self) -> float:
        return time.time()


class Calm:
    """Hosts on which all goes well, one step at a time; ``on_look`` may hang or raise."""

    def __init__(self, *hosts: str) -> None:
        self.clock = RealClock()
        self.source = SimulatedSource(0.0)
        self.journal = SimulatedJournal()
        self.machines = {name: Machine(name, self.clock) for name in hosts}
        self.settings = Settings(agent="calm", key=FingerprintKey(value=b"k" * 32))
        self.registry = {canonical(image): f"sha256:{number:064x}" for number, image in enumerate(IMAGES, 1)}
        self.on_look: Callable[[Machine], None] = lambda _machine: None
        self.made: list[Declared[HostObject]] = []
        self._lock = threading.Lock()

    def push(self, declared: Declaration) -> str:
        return self.source.push(declared.files(), "a commit").id

    def make_host(self, declared: Declared[HostObject]) -> SimulatedHost:
        self.made.append(declared)
        return SimulatedHost(self.machines[declared.body.metadata.name], self)

    def look(self, machine: Machine) -> Seen:
        self.on_look(machine)
        with self._lock:
            return machine.look()

    def deaf(self, machine: Machine) -> bool:
        return not machine.up

    def pause(self, machine: Machine) -> None:
        pass

    def begin(self, machine: Machine, actions: Sequence[Action]) -> None:
        pass

    def end(self, machine: Machine, action: Action) -> None:
        pass

    def pick(self, actions: Sequence[Action]) -> Action:
        return actions[0]

    def act(self, machine: Machine, action: Action, step: AnyStep, made: str | None) -> str | None:
        if not machine.up:
            raise PortError(f"{action.pod} cannot be reached")
        with self._lock:
            return carry_out(step, machine, self.registry, made)

    def pull(self, machine: Machine, images: Sequence[str]) -> None:
        pass

    def running(self, host: str) -> list[str]:
        with self._lock:
            return sorted(key.name for key in self.machines[host].available("calm"))


class Watcher:
    """Takes in snapshots, and waits until one is as wanted."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._newest: Snapshot | None = None

    def publish(self, snapshot: Snapshot) -> None:
        with self._condition:
            self._newest = snapshot
            self._condition.notify_all()

    def until(self, wanted: Callable[[Snapshot], bool]) -> Snapshot:
        with self._condition:
            met = self._condition.wait_for(lambda: self._newest is not None and wanted(self._newest), LONG)
            assert met, self._newest
            assert self._newest is not None
            return self._newest


def agent_of(fleet: Calm, watcher: Watcher, metrics: MetricsServer | None = None) -> Agent:
    """Make an agent of a fleet, that tells a watcher what it does."""
    return Agent(
        fleet.source,
        fleet.make_host,
        clock=fleet.clock,
        journal=fleet.journal,
        settings=fleet.settings,
        publish=watcher.publish,
        metrics=metrics,
    )


@contextmanager
def running(
    fleet: Calm, metrics: MetricsServer | None = None, *, ending: float = 10.0
) -> Iterator[tuple[Agent, Watcher]]:
    """Run an agent on threads of its own, which gets so many seconds to end what it does at last."""
    watcher = Watcher()
    agent = agent_of(fleet, watcher, metrics)
    thread = threading.Thread(target=agent.run, daemon=True)
    thread.start()
    try:
        yield agent, watcher
    finally:
        agent.stop(ending)
        thread.join(LONG)
        assert not thread.is_alive()
