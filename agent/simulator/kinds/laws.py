"""Laws of the kinds that are not interchangeable: identities, hosts, jobs, the clock, autoscalers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from agent.model.action import MakeVolume, RemoveVolume
from agent.model.cri import SandboxConfig
from agent.model.labels import AGENT, OWNER
from agent.model.memory import JobRecord, Memory
from agent.model.objects.meta import PodKey
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.simulator.declared import Declaration
from agent.simulator.kinds.declared import Kinds
from agent.simulator.laws.budgets import check_unhealthy
from agent.simulator.laws.capacity import check_capacity
from agent.simulator.laws.crons import CronLaws
from agent.simulator.laws.hosts import check_placements, check_preemptions
from agent.simulator.laws.jobs import JobLaws
from agent.simulator.laws.moment import Broken, Moment
from agent.simulator.laws.quotas import check_quota
from agent.simulator.laws.scaling import ScalingLaws
from agent.simulator.laws.strategies import check_update
from agent.simulator.laws.volumes import VolumeLaws
from agent.simulator.machine import Machine
from agent.simulator.outages import Outages

_KILLED: Final = 137


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
        self._jobs, self._crons, self._scaling, self._volumes = JobLaws(), CronLaws(), ScalingLaws(), VolumeLaws()

    def planned(
        self,
        memory: Memory,
        found: Mapping[str, Seen],
        available: Collection[PodKey],
        history: Sequence[Declaration],
        now: float,
    ) -> None:
        """Check what a plan remembers: no job is counted twice, none is begun twice, no count is out of bounds."""
        before, self._memory = self._memory, memory
        moment = self._moment(history, now, before)
        for key, record in memory.jobs.items():
            really = len(self._succeeded.get(key, ()))
            if record.succeeded > really:
                raise Broken(f"{key} counts {record.succeeded} successes, {really} there were")
            if key not in before.jobs and _of_cron(key, moment.declared):
                if key in self._begun:
                    raise Broken(f"{key} is begun a second time")
                self._begun.add(key)
        for laws in (self._jobs, self._crons, self._scaling, self._volumes):
            laws.planned(moment)
        check_placements(moment, found, history[-1].solos)
        check_preemptions(moment)
        check_unhealthy(moment, found, available)

    def _moment(self, history: Sequence[Declaration], now: float, before: Memory | None = None) -> Moment:
        kinds = [one.kinds for one in history]
        return Moment(before or self._memory, self._memory, kinds[-1], kinds, now, self._machines)

    def struck(self, sandbox: SandboxSeen) -> None:
        """Hear that a fault takes a pod down."""
        self._jobs.fails(sandbox, _KILLED)

    def stored(self, machine: Machine, step: MakeVolume | RemoveVolume) -> None:
        """Check what becomes of data."""
        if isinstance(step, MakeVolume):
            self._volumes.made(step.mark, machine.clock.now())
        else:
            self._volumes.removed(step.mark, machine.clock.now())

    def lost(self, machine: Machine, pod: PodKey, history: Sequence[Declaration], known: Collection[PodKey]) -> None:
        """Check that a pod that was available might be taken down; ``known`` are those that were known to be then."""
        check_update(self._moment(history, machine.clock.now()), pod, machine.name, known)

    def starts(self, machine: Machine, declared: Kinds) -> None:
        """Check that there was room for a container that just started."""
        check_capacity(machine, self._agent, declared.cores)

    def ends(self, machine: Machine, container: ContainerSeen, code: int) -> None:
        """Hear that a process ends by itself."""
        sandbox = machine.sandboxes.get(container.sandbox_id)
        if sandbox is not None and code == 0 and (owner := _owner(sandbox.config, "Job")):
            self._succeeded.setdefault(owner, set()).add((machine.name, container.id))
        if sandbox is not None and code:
            self._jobs.fails(sandbox, code)

    def made(self, machine: Machine, config: SandboxConfig, history: Sequence[Declaration], *, new: bool) -> None:
        """Check that a pod that is just made may be there beside the others; ``new`` if it was not there before."""
        moment = self._moment(history, machine.clock.now())
        declared = moment.declared
        if new:
            pod = PodKey(namespace=config.namespace, name=config.name)
            check_quota(moment, pod, self._outages.given_up)
        daemons = [one.daemons.get(config.labels.get("app", "")) for one in moment.history]
        if _owner(config, "DaemonSet"):
            others = [
                one.config.name
                for one in machine.ours(self._agent)
                if one.config.annotations.get(OWNER) == config.annotations[OWNER]
                and one.config.name != config.name
                and self._alive(machine, one)
            ]
            if len(others) > max((one.surge for one in daemons if one is not None), default=0):
                raise Broken(f"{config.name} is made on {machine.name} beside {others}")
        if owner := _owner(config, "Job"):
            self._jobs.made(owner, config.name, moment)
            self._works(owner, config, declared)

    def _works(self, owner: str, config: SandboxConfig, declared: Kinds) -> None:
        record = self._memory.jobs.get(owner, JobRecord(hash=""))
        if record.outcome:
            raise Broken(f"{config.name} is made although {owner} is decided: {record.outcome}")
        name = owner.rpartition("/")[2]
        work = declared.works.get(name)
        if work is None or work.schedule:
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
    return name in declared.works and declared.works[name].schedule != "" and minutes.isdigit()
