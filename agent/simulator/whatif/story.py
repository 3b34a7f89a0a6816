from collections.abc import Iterable, Mapping
from typing import Final

from agent.model.action import Action, Verb
from agent.model.cause import Commit
from agent.model.memory import JobRecord, RolloutRecord
from agent.model.objects.fleet import Fleet
from agent.model.objects.meta import ObjectKey
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus
from agent.ports import State
from agent.simulator.whatif.answer import What
from agent.simulator.whatif.availability import Availability
from agent.simulator.whatif.census import Counted, count
from agent.simulator.whatif.machine import Imagined
from agent.simulator.whatif.peaks import Peaks
from agent.simulator.whatif.timeline import Timeline
from agent.simulator.whatif.watch import Watch

_TOLD: Final[Mapping[Verb, What]] = {
    "create": "created",
    "replace": "replaced",
    "restart": "restarted",
    "update": "updated",
    "remove": "removed",
}
_PLAIN: Final = "declared, and not on the host yet"


class Story:
    """Writes down what happens in a world: the timeline, how available everything was, and the most that was used."""

    def __init__(self, agent: str, fleet: Fleet) -> None:
        self.timeline = Timeline()
        self.availability = Availability()
        self.peaks = Peaks()
        self.fleet = fleet
        self._agent = agent
        self._begin = 0.0
        self._pods: dict[str, tuple[object, bool, tuple[Counted, ...]]] = {}
        self._machines: Mapping[str, Imagined] = {}
        self._statuses: tuple[ObjectStatus, ...] = ()
        self._unplaced: dict[str, tuple[ObjectKey | None, str]] = {}
        self._stale = True

    def watch(self, machines: Mapping[str, Imagined]) -> None:
        """Say which machines there are."""
        self._machines = machines

    def begin(self, now: float) -> None:
        """Begin the story: what was before counts for nothing."""
        self.timeline.begin(now)
        self.availability = Availability()
        self.peaks = Peaks()
        self._begin, self._stale = now, True
        self.turned(now)

    def learned(self, statuses: tuple[ObjectStatus, ...], waiting: Iterable[Waiting], now: float) -> None:
        """Hear what the agent makes of it all."""
        if statuses != self._statuses:
            self._statuses, self._stale = statuses, True
        unplaced = {
            str(one.pod): (one.object, one.message) for one in waiting if one.reason == "unschedulable" and one.pod
        }
        for pod in sorted(unplaced.keys() - self._unplaced.keys()):
            about, why = unplaced[pod]
            self.timeline.add(now, "waiting", about, _without_pod(why), pod=pod.partition("/")[2])
        for pod in sorted(self._unplaced.keys() - unplaced.keys()):
            about, _ = self._unplaced[pod]
            self.timeline.add(now, "placed", about, pod=pod.partition("/")[2])
        self._unplaced = unplaced

    def struck(self, machine: Imagined) -> None:
        """Hear that a machine is about to lose power."""
        self.availability.strike(count(machine, self._agent))

    def turned(self, now: float) -> None:
        """Look whether anything is another than before."""
        for name, machine in self._machines.items():
            known = self._pods.get(name)
            if known is None or known[0] is not machine.seen or known[1] != machine.up:
                pods = count(machine, self._agent)
                if known is None or known[1:] != (machine.up, pods):
                    self._stale = True
                self._pods[name] = machine.seen, machine.up, pods
        if not self._stale:
            return
        self._stale = False
        every = [pod for name in sorted(self._pods) for pod in self._pods[name][2]]
        for watch, short in self.availability.take(now - self._begin, self.fleet, self._statuses, every):
            self._tell(watch, now, short=short)
        for name, (_, up, pods) in self._pods.items():
            if up:
                self.peaks.take(name, self.fleet, pods)

    def _tell(self, watch: Watch, now: float, *, short: bool) -> None:
        ready, promised, wanted = watch.level
        if short:
            self.timeline.add(now, "short", watch.key, f"{ready} ready, {promised} promised, {wanted} wanted")
        else:
            self.timeline.add(now, "enough", watch.key, f"{ready} ready again, {wanted} wanted")

    def acted(self, machine: Imagined, action: Action, now: float) -> None:
        """Hear that an action was carried out."""
        if action.verb in _TOLD and action.pod.name:
            cause = action.cause
            owner = cause.object if isinstance(cause, Commit) else self._owner(machine, action)
            why = cause.summary if isinstance(cause, Commit) else cause.what
            about = owner or ObjectKey(kind="Pod", namespace=action.pod.namespace, name=action.pod.name)
            message = "" if why == _PLAIN else why
            self.timeline.add(now, _TOLD[action.verb], about, message, pod=action.pod.name, host=machine.name)

    def _owner(self, machine: Imagined, action: Action) -> ObjectKey | None:
        known = self._pods.get(machine.name)
        name = action.pod.namespace, action.pod.name
        return next((pod.owner for pod in known[2] if (pod.namespace, pod.name) == name), None) if known else None

    def planned(self, before: State, after: State, now: float) -> None:
        """Hear of a plan: what was saved before it, and what is now."""
        if after.held and after.held != before.held:
            self.timeline.add(now, "held", None, f"{after.held_why}; goes on here as if it was approved")
        old, new = before.memory, after.memory
        if new is old:
            return
        for pod in sorted(new.lost.keys() - old.lost.keys()):
            message = f"given up with {new.lost[pod]}: others take their place"
            self.timeline.add(now, "lost", None, message, pod=pod.partition("/")[2], host=new.lost[pod])
        for key, record in new.rollouts.items():
            self._rolls(key, old.rollouts.get(key), record, now)
        for key, job in new.jobs.items():
            self._works(key, old.jobs.get(key), job, now)

    def _rolls(self, key: str, before: RolloutRecord | None, after: RolloutRecord, now: float) -> None:
        if before is None or before.hash != after.hash:
            self.timeline.add(now, "rollout", _key_of(key), f"revision {after.revision} begins")
        if after.whole and before is not None and not (before.whole and before.hash == after.hash):
            self.timeline.add(now, "rolled-out", _key_of(key), f"revision {after.revision} is through")

    def _works(self, key: str, before: JobRecord | None, after: JobRecord, now: float) -> None:
        if before is None or before.hash != after.hash:
            self.timeline.add(now, "job", _key_of(key), "begins")
        if after.outcome and (before is None or not before.outcome):
            counts = f"{after.succeeded} succeeded" + (f", {after.failed} failed" if after.failed else "")
            self.timeline.add(now, "job", _key_of(key), f"{after.outcome}: {counts}")


def _key_of(written: str) -> ObjectKey:
    """Return the key that memory spells ``Kind namespace/name``."""
    kind, _, rest = written.partition(" ")
    namespace, _, name = rest.rpartition("/")
    return ObjectKey(kind=kind, namespace=namespace, name=name)


def _without_pod(message: str) -> str:
    """Return ``no host fits`` and why, without the pod's name: the same for all pods of a workload."""
    return message.partition(": ")[2] or message
