"""The dry run: both planners run forward against projected hosts, until nothing more happens."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from agent.model.action import Action
from agent.model.desired import HostDesired
from agent.model.observation import Observation, Seen, Unseen
from agent.model.plan import FleetInput, FleetPlan, HostInput, HostPlan, Waiting
from agent.model.value import Value
from agent.planner.fleet import plan_fleet
from agent.planner.host import Impossible, plan_host, project_action


class Move(Value, frozen=True, kw_only=True):
    """One action of a rehearsal. ``round`` counts how often was planned before; ``at`` is the rehearsed time.

    Containers that start in their turn, after what came first in their pod, are part of the move that made it.
    """

    round: int
    at: float
    host: str
    action: Action


class Rehearsal(Value, frozen=True, kw_only=True):
    """Everything that would be done, in order, if every action worked.

    ``plans`` are the same actions by host, one plan for each host with what it waits for in the end; ids are unique.
    ``first`` is what the fleet planner said before anything was done, ``fleet`` what it says in the end.
    ``waiting`` is what the fleet waits for in the end. ``unseen`` are hosts of which nothing can be foretold.
    ``finished`` is False when the rehearsal was cut short; what was to come is then unknown.
    """

    moves: tuple[Move, ...]
    plans: Mapping[str, HostPlan]
    first: FleetPlan
    fleet: FleetPlan
    waiting: tuple[Waiting, ...]
    unseen: tuple[str, ...]
    observations: Mapping[str, Observation]
    now: float
    finished: bool


def rehearse(given: FleetInput, *, most_rounds: int = 1000) -> Rehearsal:
    """Return what would happen from here on, and what would still wait in the end.

    Time passes only when nothing can be done without it: a back-off, minReadySeconds.
    """
    stage = _Stage(given)
    finished = False
    for number in range(most_rounds):
        if not stage.act(number) and not stage.pass_time():
            finished = True
            break
    return stage.outcome(finished=finished)


class _Stage:
    """The fleet as it would be by now."""

    def __init__(self, given: FleetInput) -> None:
        self.given = given
        self.first: FleetPlan | None = None
        self.fleet: FleetPlan
        self.moves: list[Move] = []
        self.plans: dict[str, HostPlan] = {}
        self.quiet: dict[str, tuple[HostDesired, Observation]] = {}
        """What hosts were planned from that had nothing to do."""
        self.acted = False
        self.stuck: dict[str, str] = {}
        """Hosts on which an action cannot be projected, and why."""

    def act(self, number: int) -> bool:
        """Plan, and do all that is planned; tell whether that was anything."""
        self.acted = False
        self.fleet = plan_fleet(self.given)
        self.first = self.first or self.fleet
        observations = dict(self.given.observations)
        for host in sorted(self.fleet.desired):
            if host not in self.stuck:
                observations[host] = self._host(number, host, self.fleet.desired[host], observations[host])
        self.given = replace(self.given, observations=observations, memory=self.fleet.memory)
        return self.acted

    def _host(self, number: int, host: str, desired: HostDesired, observation: Observation) -> Observation:
        if self._is_quiet(host, desired, observation):
            return observation
        given = self.given
        plan = plan_host(
            HostInput(desired=desired, observation=observation, key=given.key, now=given.now, failures=given.failures)
        )
        self.plans[host] = plan
        if not plan.actions or not isinstance(observation, Seen):
            self.quiet[host] = (desired, observation)
            return observation
        self.acted = True
        known = {(move.host, move.action.pod) for move in self.moves}
        self.moves += [
            Move(round=number, at=given.now, host=host, action=action)
            for action in plan.actions
            if not (action.verb == "start" and (host, action.pod) in known)
        ]
        try:
            for action in plan.actions:
                observation = project_action(observation, action, given.now + observation.facts.clock_skew)
        except Impossible as error:
            self.stuck[host] = str(error)
        return observation

    def _is_quiet(self, host: str, desired: HostDesired, observation: Observation) -> bool:
        """Tell whether a host was planned from just this before, and time has not changed the answer."""
        before = self.quiet.get(host)
        if before is None or before[1] is not observation or before[0] != desired:
            return False
        wake_at = self.plans[host].wake_at
        return wake_at is None or wake_at > self.given.now

    def pass_time(self) -> bool:
        """Let time pass until something wants to be planned again; tell whether there is such a time."""
        times = [self.fleet.wake_at, *(self.plans[host].wake_at for host in self.plans if host not in self.stuck)]
        later = [time for time in times if time is not None and time > self.given.now]
        if not later:
            return False
        self.given = replace(self.given, now=min(later))
        return True

    def outcome(self, *, finished: bool) -> Rehearsal:
        waiting = list(self.fleet.waiting)
        waiting += [
            Waiting(reason="runtime", message=f"what follows on {host} cannot be foretold: {why}", host=host)
            for host, why in sorted(self.stuck.items())
        ]
        observations = self.given.observations
        return Rehearsal(
            moves=tuple(self.moves),
            plans={host: self._plan(host) for host in sorted(self.fleet.desired)},
            first=self.first or self.fleet,
            fleet=self.fleet,
            waiting=tuple(waiting),
            unseen=tuple(host for host in sorted(self.fleet.desired) if isinstance(observations[host], Unseen)),
            observations=observations,
            now=self.given.now,
            finished=finished and not self.stuck,
        )

    def _plan(self, host: str) -> HostPlan:
        """Return one host's actions of all rounds as one plan."""
        moves = [move for move in self.moves if move.host == host]
        last, desired = self.plans[host], self.fleet.desired[host]
        waiting = () if host in self.stuck else last.waiting
        touched = {move.action.pod for move in moves} | {entry.pod for entry in waiting}
        standing = {*(pod.key for pod in desired.pods), *(pod.key for pod in desired.kept)} - touched
        return HostPlan(
            host=host,
            actions=_distinct(moves),
            waiting=waiting,
            unchanged=len(standing) if isinstance(self.given.observations[host], Seen) else 0,
        )


def _distinct(moves: Sequence[Move]) -> tuple[Action, ...]:
    """Return the actions with unique ids: what is done to a pod again in a later round says so in its id."""
    actions = []
    names: dict[tuple[int, str], str] = {}
    times: dict[str, int] = {}
    for move in moves:
        action = move.action
        times[action.id] = times.get(action.id, 0) + 1
        name = action.id if times[action.id] == 1 else f"{action.id} #{times[action.id]}"
        names[move.round, action.id] = name
        after = tuple(names.get((move.round, before), before) for before in action.after)
        actions.append(action if name == action.id and after == action.after else replace(action, id=name, after=after))
    return tuple(actions)
