"""Laws of the kinds that are not interchangeable: identities, hosts, jobs, the clock, autoscalers."""

from agent.model.cri import SandboxConfig
from agent.model.labels import AGENT, OWNER
from agent.model.memory import JobRecord, Memory
from agent.model.objects.meta import PodKey
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.simulator.kinds.declared import Kinds
from agent.simulator.machine import Machine
from agent.simulator.outages import Outages


class Broken(Exception):
    """A law was broken; the judge says so."""


class Laws:
    """Knows what the last plan remembered, and which pods of jobs really succeeded."""

    def __init__(self, agent: str, machines: dict[str, Machine], outages: Outages) -> None:
        self._agent = agent
        self._machines = machines
        self._outages = outages
        self._memory = Memory()
        self._succeeded: dict[str, set[tuple[str, str]]] = {}
        """By job: the machines and pods that did its work."""
        self._running: dict[str, tuple[int, tuple[PodKey, ...]]] = {}
        """By machine: what runs at its version."""
        self._begun: set[str] = set()
        """Jobs that CronJobs ever began."""

    def planned(self, memory: Memory, declared: Kinds) -> None:
        """Check what a plan remembers: no job is counted twice, none is begun twice, no count is out of bounds."""
        for key, record in memory.jobs.items():
            before = self._memory.jobs.get(key)
            really = len(self._succeeded.get(key, ()))
            if record.succeeded > really:
                raise Broken(f"{key} counts {record.succeeded} successes, {really} there were")
            if before is None and _of_cron(key, declared):
                if key in self._begun:
                    raise Broken(f"{key} is begun a second time")
                self._begun.add(key)
        for name, scaled in declared.scaled.items():
            scale = memory.autoscalers.get(f"Deployment default/{name}")
            if scale is not None and not scaled.least <= scale.replicas <= scaled.most:
                raise Broken(f"{name} is scaled to {scale.replicas}, {scaled.least} to {scaled.most} are allowed")
        self._memory = memory

    def ends(self, machine: Machine, container: ContainerSeen, code: int) -> None:
        """Hear that a process ends by itself."""
        sandbox = machine.sandboxes.get(container.sandbox_id)
        if sandbox is not None and code == 0 and (owner := _owner(sandbox.config, "Job")):
            self._succeeded.setdefault(owner, set()).add((machine.name, container.id))

    def made(self, machine: Machine, config: SandboxConfig, declared: Kinds) -> None:
        """Check that a pod that is just made may be there beside the others of its owner."""
        if _owner(config, "DaemonSet"):
            others = [
                one.config.name
                for one in machine.ours(self._agent)
                if one.config.annotations.get(OWNER) == config.annotations[OWNER]
                and one.config.name != config.name
                and self._alive(machine, one)
            ]
            if others:
                raise Broken(f"{config.name} is made on {machine.name} beside {others}")
        if owner := _owner(config, "Job"):
            self._works(owner, config, declared)

    def _works(self, owner: str, config: SandboxConfig, declared: Kinds) -> None:
        record = self._memory.jobs.get(owner, JobRecord(hash=""))
        if record.outcome:
            raise Broken(f"{config.name} is made although {owner} is decided: {record.outcome}")
        name = owner.rpartition("/")[2]
        work = declared.works.get(name)
        if work is None or work.minutes:
            return
        active = [
            one.config.name
            for other in self._machines.values()
            if other.name not in self._outages.given_up
            for one in other.ours(self._agent)
            if _owner(one.config, "Job") == owner
            and f"{one.config.namespace}/{one.config.name}" not in self._memory.leaving
            and (self._alive(other, one) or one.config.name == config.name)
        ]
        if len(set(active)) > work.parallelism:
            raise Broken(f"{sorted(set(active))} of {owner} run at once, {work.parallelism} may")

    def everywhere(self) -> None:
        """Check that no identity runs twice."""
        seen: dict[PodKey, str] = {}
        for name in sorted(self._machines):
            for key in self._identities(self._machines[name]):
                if seen.setdefault(key, name) != name:
                    raise Broken(f"{key} runs on {seen[key]} and on {name}")

    def _identities(self, machine: Machine) -> tuple[PodKey, ...]:
        """Return the pods of StatefulSets of which something runs on a machine."""
        version, keys = self._running.get(machine.name, (-1, ()))
        if version != machine.version:
            keys = tuple(
                PodKey(namespace=one.config.namespace, name=one.config.name)
                for one in machine.ours(self._agent)
                if _owner(one.config, "StatefulSet") and self._alive(machine, one)
            )
            self._running[machine.name] = machine.version, keys
        return keys

    def _alive(self, machine: Machine, sandbox: SandboxSeen) -> bool:
        """Tell whether something of a pod runs that is ours."""
        inside = machine.inside(sandbox.id)
        return sandbox.ready and any(one.state == "running" and AGENT in one.config.labels for one in inside)


def _owner(config: SandboxConfig, kind: str) -> str:
    """Return the owner of a pod, spelled as in memory, if it is of a kind."""
    found, _, rest = config.annotations.get(OWNER, "").partition("/")
    return f"{kind} {rest}" if found == kind else ""


def _of_cron(key: str, declared: Kinds) -> bool:
    name, _, minutes = key.rpartition("/")[2].rpartition("-")
    return name in declared.works and declared.works[name].minutes > 0 and minutes.isdigit()
