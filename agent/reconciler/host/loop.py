import threading
from collections.abc import Callable

from agent.model.action import Action
from agent.model.cause import Drift
from agent.model.desired import HostDesired
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared, PodKey
from agent.model.observation import Observation, Seen
from agent.model.plan import HostInput, HostPlan
from agent.planner.host import lint_plan, plan_host
from agent.reconciler.host import events as host_events
from agent.reconciler.host.expected import Expected
from agent.reconciler.host.failures import Failures
from agent.reconciler.host.flights import Ended, Flights, Submit, Wishes
from agent.reconciler.host.link import Link
from agent.reconciler.host.pod_events import PodEvents
from agent.reconciler.host.sampling import Sampling
from agent.reconciler.host.show import host_state
from agent.reconciler.host.tags import Tags
from agent.reconciler.host.upkeep import Upkeep
from agent.reconciler.host.wishes import wishes
from agent.reconciler.probing.prober import Prober
from agent.reconciler.settings import HostFactory
from agent.reconciler.shared import Shared

_SETTLE = 1.0
_SETTLE_PER_POD = 0.1
_LONGEST_SETTLE = 5.0
"""Seconds between looks while actions run: the more pods we work on, the more of the events are our own doing."""


class HostLoop:
    """Holds one host to what it should run: look, plan, act, look again, until there is nothing left to do.

    Each pass starts from a full look, so a lost event costs time and never correctness. Actions run beside the loop:
    one pod's long pull or slow stop does not keep another from being healed. It goes on with the last desired state
    it was given when nobody gives it a newer one. The mailbox has one slot: a newer desired state replaces an older
    one, and stops what the older one had started wherever the two differ.

    A host whose Host object is gone from git is let go of, and its pods are left alone: a machine that is taken out
    of the fleet is not emptied by that.
    """

    def __init__(
        self,
        name: str,
        shared: Shared,
        *,
        make_host: HostFactory,
        gate: threading.Semaphore,
        submit: Submit,
        submit_check: Submit,
        prober: Prober,
    ) -> None:
        self.name = name
        self.wake: Callable[[], None] = lambda: None
        self._shared = shared
        self._prober = prober
        self._lock = threading.Lock()
        self._declared: Declared[HostObject] | None = None
        self._mail: tuple[HostDesired, Wishes] | None = None
        self._forget = False
        self._hurried = False
        self._health_changed = False
        self._idle = False
        self._desired: HostDesired | None = None
        self._wishes: Wishes = {}
        self._link = Link(make_host, self._woken, gate, shared.settings.resync)
        self._flights = Flights(submit, self._latest, self._woken)
        self._failures = Failures()
        self._events = PodEvents(name, shared.recorder)
        self._expected = Expected()
        self._plan: HostPlan | None = None
        self._faults: tuple[str, ...] = ()
        self._drifts: frozenset[tuple[PodKey, str]] = frozenset()
        self._tags = Tags(name, shared, submit, self._woken)
        self._upkeep = Upkeep(name, shared, submit, self._woken)
        self._sampling = Sampling(name, shared, submit_check)
        self._stirred = True
        self._pass_at = 0.0
        self._looked_at = 0.0
        self._done = 0
        self._failed = 0

    def declare(self, declared: Declared[HostObject] | None) -> None:
        """Take the newest Host object, or None when there is none any more. From any thread."""
        with self._lock:
            same = declared == self._declared
            self._declared, self._idle = declared, self._idle and same
            if declared is None:
                # Should the host come back, it is not to be held, even for a moment, to what it ran before.
                self._mail, self._forget = None, True
        if not same:
            self._woken()

    def deliver(self, desired: HostDesired) -> None:
        """Put the newest desired state into the mailbox. From any thread."""
        with self._lock:
            self._mail = (desired, wishes(desired))
        self._shared.board.unsettle(self.name)
        self._woken()

    def measure(self, *, wanted: bool) -> None:
        """Watch what containers use, or do so no more. From any thread."""
        if self._sampling.wanted != wanted:
            self._sampling.wanted = wanted
            self.wake()

    def hurry(self) -> None:
        """Ask for a look now, at a lost host, too. From any thread."""
        with self._lock:
            self._hurried = True
        self._woken()

    def _heard_of_health(self) -> None:
        with self._lock:
            self._health_changed = True
        self._woken()

    @property
    def parked(self) -> bool:
        """Whether the host is let go of and nothing runs on it any more. From any thread."""
        with self._lock:
            return self._declared is None and self._idle

    def halt(self) -> None:
        """Let no further step start. From any thread."""
        self._flights.halt()

    def close(self) -> None:
        """Let go of the connection; the last thing that is called."""
        self._link.close()

    def _woken(self) -> None:
        with self._lock:
            self._stirred = True
        self.wake()

    def _latest(self) -> Wishes:
        with self._lock:
            return self._mail[1] if self._mail else {} if self._forget else self._wishes

    def step(self, now: float) -> float | None:
        """Make one pass; return when time alone asks for the next, None when only an event does."""
        with self._lock:
            # What comes after this wakes the loop again.
            stirred, self._stirred = self._stirred, False
        fresh = self._read_mail()
        ended, landed = self._flights.drain()
        for one in ended:
            self._note(one, now)
        with self._lock:
            declared, hurried, self._hurried = self._declared, self._hurried, False
            fresh, self._health_changed = fresh or self._health_changed, False
        self._link.declare(declared)
        if hurried:
            self._link.hurry()
        if declared is None:
            with self._lock:
                self._idle = self._declared is None and not self._flights.busy
            self._prober.forget(self.name)
            self._shared.inbox.forget(self.name)
            self._shared.board.gone(self.name)
            return None
        if (due := self._link.due(now)) is not None:
            self._show()
            self._pass_at = due
            return due
        busy = len(self._flights.busy)
        settle = min(_SETTLE + busy * _SETTLE_PER_POD, _LONGEST_SETTLE)
        settled_at = self._looked_at + settle  # compared as it is returned: a difference is rounded otherwise
        if busy and not (fresh or landed) and self._looked_at <= now < settled_at:
            self._show()
            self._pass_at = settled_at
            return settled_at
        if stirred or not self._pass_at - self._shared.settings.resync <= now < self._pass_at:
            self._pass_at = self._pass(now)
        self._keep_up(now)
        return min(self._pass_at, self._upkeep.due(), self._sampling.due())

    def _keep_up(self, now: float) -> None:
        """Measure and clean up, when it is time for that: it needs no look, and nobody's event."""
        observation = self._link.observation
        if self._link.host is not None and self._desired is not None and isinstance(observation, Seen):
            self._upkeep.refresh(self._link.host, self._desired, observation, now)
            self._sampling.refresh(self._link.host, now)

    def _pass(self, now: float) -> float:
        observation = self._look(now)
        self._plan = plan = self._make_plan(observation, now)
        actions = self._startable(plan, now) if plan is not None else ()
        self._expected.launched(actions, now)
        # Before they start, so that the fleet loop never knows less of this host than what is being done to it.
        told = self._expected.add_to(observation, self._flights.busy | {action.pod for action in actions})
        self._shared.inbox.observed(self.name, told, self._failures.rows)
        if actions and self._link.host is not None:
            self._flights.launch(self._link.host, actions, now)
        if self._link.host is not None and self._desired is not None:
            self._tags.refresh(self._link.host, self._desired, now)
        self._show()
        resync = now + self._shared.settings.resync
        times = [resync, self._link.due(now), plan.wake_at if plan else None]
        return min(at for at in times if at is not None)

    def _read_mail(self) -> bool:
        with self._lock:
            if self._forget:
                self._desired, self._wishes, self._plan, self._forget = None, {}, None, False
            if self._mail is None:
                return False
            before, (self._desired, self._wishes), self._mail = self._wishes, self._mail, None
        self._failures.rewished(before, self._wishes)
        return True

    def _note(self, one: Ended, now: float) -> None:
        action, outcome = one.action, one.outcome
        self._failures.take(one, now)
        drift = action.cause.rule if isinstance(action.cause, Drift) else ""
        if outcome.superseded:
            self._shared.counters.action(action.verb, "superseded")
            return
        self._done, self._failed = self._done + (not outcome.error), self._failed + bool(outcome.error)
        self._shared.counters.action(
            action.verb, "failed" if outcome.error else "ok", repaired="" if outcome.error else drift
        )
        self._events.ended(one, self._desired.revision if self._desired else "", now)

    def _look(self, now: float) -> Observation:
        with self._shared.counters.timed("observe"):
            observation = self._link.look(now)
        self._looked_at = now
        if isinstance(observation, Seen) and self._link.host is not None:
            self._prober.watch(self.name, self._link.host, observation, now, self._heard_of_health)
            # Kept with the link, too: should the host be lost, what is known of it last includes this.
            looked = self._upkeep.with_strain(observation)
            observation = self._link.observation = self._prober.with_health(self.name, looked)
        else:
            self._prober.lost(self.name)
        if isinstance(observation, Seen):
            event = host_events.link(self.name, now, reason="HostSeen", message="the host answers")
        else:
            reason = "HostRefused" if self._link.refused else "HostUnseen"
            event = host_events.link(self.name, now, reason=reason, message=observation.reason)
        self._shared.recorder.lasts((self.name, "link"), event)
        return observation

    def _make_plan(self, observation: Observation, now: float) -> HostPlan | None:
        if self._desired is None:
            return None
        asked = HostInput(
            desired=self._desired,
            observation=observation,
            key=self._shared.settings.key,
            now=now,
            failures=self._failures.rows,
            usage=self._upkeep.usage,
        )
        with self._shared.counters.timed("plan-host"):
            plan = plan_host(asked)
        self._count_drift(plan)
        needy = frozenset(action.pod for action in plan.actions) | self._flights.busy
        known = needy.union(self._wishes, (one.pod for one in plan.waiting if one.pod))
        self._failures.keep(known, needy)
        self._events.keep(known)
        self._faults = lint_plan(asked, plan)
        return plan

    def _count_drift(self, plan: HostPlan) -> None:
        seen = frozenset((action.pod, action.rule) for action in plan.actions if isinstance(action.cause, Drift))
        for _, rule in sorted(seen - self._drifts):
            self._shared.counters.drift_found(rule)
        self._drifts = seen

    def _startable(self, plan: HostPlan, now: float) -> tuple[Action, ...]:
        """Return what may start now. A plan that breaks a law is our own bug: it is not acted upon at all."""
        self._events.wait(plan.waiting, now)
        if self._faults:
            event = host_events.link(self.name, now, reason="PlanRefused", message="; ".join(self._faults[:5]))
            self._shared.recorder.lasts((self.name, "lint"), event)
            return ()
        return self._flights.launchable(plan.actions)

    def _show(self) -> None:
        # Under the lock, so that a desired state delivered meanwhile is never hidden by an older "settled".
        with self._lock:
            state = host_state(
                self.name,
                self._link,
                usage=self._upkeep.usage,
                pressed=self._upkeep.pressed,
                desired=self._desired,
                plan=self._plan,
                in_flight=self._flights.now,
                ended=(self._done, self._failed),
                newest=self._mail is None,
            )
            self._shared.board.host(state)
