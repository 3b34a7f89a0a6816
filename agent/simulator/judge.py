"""The laws, checked against what really happens on the machines at every single step."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from agent.model.action import (
    Action,
    AnyStep,
    MakeVolume,
    RemoveContainer,
    RemoveSandbox,
    RemoveVolume,
    RunSandbox,
    StartContainer,
    StopContainers,
    StopSandbox,
)
from agent.model.labels import AGENT, REVISION
from agent.model.memory import Memory
from agent.model.objects.meta import PodKey
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.simulator.declared import Bounds, Declaration
from agent.simulator.init_order import InitOrder
from agent.simulator.kinds.laws import Laws
from agent.simulator.laws.moment import Broken
from agent.simulator.machine import Machine
from agent.simulator.outages import Outages


class Violation(BaseException):
    """A law was broken. Not an Exception: nothing that is under test may catch it."""


class _Fault(NamedTuple):
    """A pod that a fault took down, and the machine's version that shows it."""

    machine: str
    version: int
    app: str
    key: PodKey


class _Sent(NamedTuple):
    """What was known when a pod was sent away: versions of machines, what was declared, who was available."""

    known: Mapping[str, int]
    declared: Declaration
    available: frozenset[PodKey]


class Judge:
    """Knows what every commit declared, which faults struck, and what the fleet loop could know of them.

    A pod that a fault took down counts as available until the fleet loop has made a plan from a look taken after
    the fault: nobody can be blamed for what could not be known. A pod that was sent away is judged by what was known
    then; until it is gone it counts for nothing, and one that was not known to be available could be sent away
    freely, both as in Kubernetes, as far as its budget does not mind. What is on a machine that is out of sight for
    longer than pods bear may be replaced: it counts again from the first plan that knows better, which may find more
    pods than surge allows, and makes none.
    """

    def __init__(self, agent: str, machines: dict[str, Machine]) -> None:
        self._agent = agent
        self._machines = machines
        self.commits: dict[str, Declaration] = {}
        self.history: list[str] = []
        """Revisions that were in force since the fleet was converged last."""
        self._faults: list[_Fault] = []
        self._known: dict[str, int] = {}
        self._available: frozenset[PodKey] = frozenset()
        self._leaving: dict[str, _Sent] = {}
        self._preempted: set[str] = set()
        """Pods that made room for others, and were not available since: nobody counts on them."""
        self._running: Counter[tuple[str, PodKey]] = Counter()
        self._order = InitOrder()
        self.outages = Outages()
        self._laws = Laws(agent, machines, self.outages)

    # What happens, as the world tells it.

    def in_force(self, revision: str) -> None:
        """Hear which revision the journal says is in force."""
        if revision and (not self.history or self.history[-1] != revision):
            if self.commits[revision].broken:
                raise Violation(f"bad revision {revision[:12]} is in force")
            self.history.append(revision)

    def converged(self) -> None:
        """Hear that everything is as declared: older revisions have no pods any more."""
        del self.history[:-1]

    def struck(self, machine: Machine, before: Mapping[PodKey, SandboxSeen]) -> None:
        """Hear of a fault, with what was available before it."""
        now = machine.available(self._agent)
        for key in sorted(before):
            if key not in now:
                self._faults.append(_Fault(machine.name, machine.version, _app_of(before[key]), key))
                self._laws.struck(before[key])

    def planned(self, known: Mapping[str, int], available: Iterable[PodKey], leaving: Collection[str]) -> None:
        """Hear of a plan: from which versions of machines it was made, who was available there, who has to leave."""
        self._known, self._available = dict(known), frozenset(available)
        self._preempted -= {str(key) for key in self._available if str(key) not in leaving}
        if self.history:
            sent = _Sent(self._known, self.commits[self.history[-1]], self._available)
            self._leaving = {name: self._leaving.get(name, sent) for name in leaving}
        self._faults = [
            fault for fault in self._faults if fault.key not in self._machines[fault.machine].available(self._agent)
        ]

    def unseen(self, machines: Iterable[str], now: float) -> None:
        """Hear which machines a plan could not see."""
        off = self._current().kinds.forgotten if self.history else ()
        self.outages.planned(machines, off, now)

    def agent_died(self) -> None:
        """Hear that the agent is gone, and all that it knew and did with it."""
        self._known = {}
        self._running.clear()

    def began(self, machine: Machine, actions: Sequence[Action]) -> None:
        """Hear that actions begin."""
        for action in actions:
            if self._running[machine.name, action.pod]:
                raise Violation(f"two sets of actions at once for {action.pod} on {machine.name}")
        self._running.update((machine.name, action.pod) for action in actions)

    def ended(self, machine: Machine, action: Action) -> None:
        """Hear that an action ended."""
        self._running[machine.name, action.pod] -= 1

    def starts(self, machine: Machine, container_id: str) -> None:
        """Hear that a container started."""
        container = machine.containers[container_id]
        sandbox = machine.sandboxes[container.sandbox_id]
        if why := self._order.starts(container, sandbox):
            raise Violation(f"{container.config.name} of {sandbox.config.name} on {machine.name} {why}")
        with _judged():
            self._laws.starts(machine, self._current().kinds)

    def ends(self, machine: Machine, container: ContainerSeen, code: int) -> None:
        """Hear that a container that runs is about to end by itself."""
        self._laws.ends(machine, container, code)
        if code == 0:
            self._order.succeeds(container)

    def remembers(self, memory: Memory, found: Mapping[str, Seen], available: Collection[PodKey], now: float) -> None:
        """Hear what a plan remembers, the newest look at each host that it had, however old, and who was available."""
        if self.history:
            self._preempted |= {pod for pod, one in memory.evicted.items() if one.reason == "preempted"}
            with _judged():
                self._laws.planned(memory, found, available, self._declared(), now)

    # The laws.

    def before(self, machine: Machine, action: Action, step: AnyStep) -> None:
        """Check that a step touches only what is ours."""
        where = f"{action.id} on {machine.name}"
        touched: list[str] = []
        match step:
            case StopContainers(containers=stops):
                touched = [_sandbox_of(machine, stop.container_id) for stop in stops]
            case RemoveContainer(container_id=one):
                touched = [_sandbox_of(machine, one)]
            case StopSandbox(sandbox_id=one) | RemoveSandbox(sandbox_id=one):
                touched = [one]
            case StartContainer(sandbox_id=made):
                touched = [made or ""]
            case _:
                return
        for sandbox_id in touched:
            sandbox = machine.sandboxes.get(sandbox_id)
            if sandbox is not None and sandbox.config.labels.get(AGENT) != self._agent:
                raise Violation(f"{step} of {where} touches what is not ours: {sandbox_id}")

    def after(self, machine: Machine, action: Action, step: AnyStep, before: Mapping[PodKey, SandboxSeen]) -> None:
        """Check what a step did: to availability, and to how many pods there are."""
        now = machine.available(self._agent)
        if isinstance(step, StopContainers) and all(one.container_id in machine.sick for one in step.containers):
            self.struck(machine, before)  # what hangs may be stopped, however few are left
            return
        for key in sorted(before):
            if key not in now:
                self._lost(machine, key, before[key])
        if isinstance(step, RunSandbox):
            self._made(machine, step, new=action.verb == "create")
        elif isinstance(step, MakeVolume | RemoveVolume):
            with _judged():
                self._laws.stored(machine, step)

    def everywhere(self) -> None:
        """Check what must hold at any moment."""
        seen: dict[PodKey, str] = {}
        for name in sorted(self._machines):
            for key, sandbox in self._machines[name].available(self._agent).items():
                if _app_of(sandbox) and key in seen:
                    raise Violation(f"{key} runs on {seen[key]} and on {name}")
                seen[key] = name
        with _judged():
            self._laws.everywhere()

    def _current(self) -> Declaration:
        return self._declared()[-1]

    def _declared(self) -> list[Declaration]:
        """Return what was declared since the fleet was converged last."""
        if not self.history:
            raise Violation("something was changed with no revision in force")
        return [self.commits[revision] for revision in self.history]

    def _lost(self, machine: Machine, key: PodKey, sandbox: SandboxSeen) -> None:
        name = _app_of(sandbox)
        wanted = self._current()
        if name:
            known = self._leaving[str(key)].available if str(key) in self._leaving else self._available
            with _judged():
                self._laws.lost(machine, key, self._declared(), known)
            bounds = wanted.bounded.get(name)
            if bounds is not None and not wanted.kinds.is_too_many(name, key.name):
                self._enough(name, bounds, key)
        elif (solo := wanted.solos.get(key.name)) is not None and solo.host == machine.name:
            if str(key) in self._preempted:
                return
            made = [self.commits.get(revision) for revision in self._made_from(machine, sandbox)]
            if all(_alike(one, wanted, key.name) for one in made):
                raise Violation(f"{key} on {machine.name} was fine, and as declared, and was taken down")

    def _made_from(self, machine: Machine, sandbox: SandboxSeen) -> list[str]:
        configs = [container.config.annotations for container in machine.inside(sandbox.id)]
        return [annotations.get(REVISION, "") for annotations in (sandbox.config.annotations, *configs)]

    def _enough(self, name: str, bounds: Bounds, key: PodKey) -> None:
        running = self._count(name)
        sent = self._leaving.get(str(key), _Sent(self._known, self._current(), frozenset({key})))
        if key not in sent.available or str(key) in self._preempted:
            return
        known = sent.known
        struck = sum(1 for fault in self._faults if fault.app == name and known.get(fault.machine, -1) < fault.version)
        struck += sum(1 for pod in self._preempted if pod.partition("/")[2].partition("-")[0] == name)
        least = min(bounds.least, sent.declared.bounded.get(name, bounds).least)
        if running + struck < least:
            raise Violation(f"{key} was taken down: {running} of {name} are left, {struck} struck, {least} needed")

    def _made(self, machine: Machine, step: RunSandbox, *, new: bool) -> None:
        config = step.config
        with _judged():
            self._laws.made(machine, config, self._declared(), new=new)
        name = config.labels.get("app", "")
        declared = [one.bounded.get(name) for one in self._declared()]
        every = [bounds for bounds in declared if bounds is not None]
        if not name or len(every) < len(declared):
            return  # an app that was away meanwhile is a new one: its old pods leave beside it
        keys = {
            f"{one.config.namespace}/{one.config.name}"
            for other in self._machines.values()
            if other.name not in self.outages.given_up
            for one in other.ours(self._agent)
            if one.config.labels.get("app") == name
        } - self._leaving.keys()
        keys.add(f"{config.namespace}/{config.name}")
        most = max(bounds.most for bounds in every)
        if len(keys) > most:
            raise Violation(f"{len(keys)} pods of {name} with {config.name} on {machine.name}, {most} allowed")

    def _count(self, name: str) -> int:
        return sum(
            1
            for machine in self._machines.values()
            for key, sandbox in machine.available(self._agent).items()
            if _app_of(sandbox) == name and str(key) not in self._leaving
        )


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except Broken as broken:
        raise Violation(str(broken)) from broken


def _alike(one: Declaration | None, other: Declaration, solo: str) -> bool:
    """Tell whether two commits ask for the same of a Pod, with what their LimitRanges say for it."""
    return one is not None and one.solos.get(solo) == other.solos.get(solo) and one.kinds.request == other.kinds.request


def _app_of(sandbox: SandboxSeen) -> str:
    return sandbox.config.labels.get("app", "")


def _sandbox_of(machine: Machine, container_id: str) -> str:
    container = machine.containers.get(container_id)
    return container.sandbox_id if container else ""
