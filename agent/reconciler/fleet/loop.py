from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from agent.model.memory import Memory
from agent.model.objects.fleet import Fleet
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared
from agent.model.observation import Seen, Unseen
from agent.model.origin import Revision
from agent.model.plan import FleetInput, FleetPlan
from agent.model.problem import Problem
from agent.planner.fleet import plan_fleet
from agent.planner.prune import prune_guard
from agent.ports import Event, Journal, PortError, State
from agent.reconciler.fleet.asking import Asking
from agent.reconciler.fleet.roster import Roster
from agent.reconciler.inbox import Mail, Offer, Receipt
from agent.reconciler.probing.subjects import undecided
from agent.reconciler.reporting.snapshot import FleetState
from agent.reconciler.shared import Shared

_PROBLEMS_KEPT: Final = 100
_SAVE_AGAIN: Final = 10.0


class FleetLoop:
    """Decides which revision is in force, and what each host should run for it.

    Each pass reads everything again: the newest revision offered, the newest look at every host, memory. What must
    survive a restart is saved before any host hears of it. Nothing here waits for a host or for the network.
    """

    def __init__(self, state: State, journal: Journal, roster: Roster, asking: Asking, shared: Shared) -> None:
        self._state = state
        self._saved = state
        self._journal = journal
        self._roster = roster
        self._asking = asking
        self._shared = shared
        self._fleet: Fleet | None = None
        self._before: Fleet | None = None
        """What was in force before that: of its templates there may still be pods."""
        self._candidate: Fleet | None = None
        self._plan: FleetPlan | None = None
        self._delivered: dict[str, object] = {}
        self._first_seen: dict[str, float] = {}
        self._unplaced: set[str] = set()
        """What no host was found for, as of the newest plan."""
        self._receipts: list[Receipt] = []
        """Of words that are not saved yet."""
        self._message = "no revision was read yet"
        self._undecided = True

    def step(self, now: float) -> float | None:
        """Make one pass; return when time alone asks for the next, None when only news do."""
        mail = self._shared.inbox.take()
        try:
            for offer in mail.offers:
                self._consider(offer, now)
            if mail.approved:
                self._change(approved=tuple(sorted({*self._state.approved, *mail.approved})))
            if mail.asked:
                asked = {**self._state.memory.asked, **mail.asked}
                self._change(memory=msgspec.structs.replace(self._state.memory, asked=asked))
            self._receipts += mail.receipts
            return self._advance(mail, now)
        finally:
            self._shared.inbox.done()

    def _consider(self, offer: Offer, now: float) -> None:
        if offer.restored and offer.revision.id != self._state.in_force:
            return  # it could not be read at once, and a newer one was let in meanwhile
        if offer.fleet is None:
            self._refuse(offer.revision, offer.problems, now)
        elif offer.revision.id == self._state.in_force:
            # Let in once already, before a restart or a detour: it is not weighed again.
            self._fleet = offer.fleet
            if not offer.restored:
                self._candidate = None
                self._change(refused="", refused_why=(), held="", held_why="")
        else:
            self._candidate = offer.fleet
            if offer.revision.id == self._state.refused:
                self._change(refused="", refused_why=())  # by an older trimtab, that knew less

    def _refuse(self, revision: Revision, problems: tuple[Problem, ...], now: float) -> None:
        why = tuple(_rendered(problem) for problem in sorted(problems)[:_PROBLEMS_KEPT])
        if revision.id != self._state.refused:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            message = f"{why[0] if why else 'no fleet in it'}{more}; the last good revision stays in force"
            self._say("RevisionRefused", message, revision, now, warning=True)
        self._candidate = None
        self._change(refused=revision.id, refused_why=why, held="", held_why="")

    def _advance(self, mail: Mail, now: float) -> float | None:
        base = self._fleet or self._candidate
        if base is None:
            self._message = "no good revision was found yet: hosts stay as they are"
            self._show(now)
            return None
        hosts = _hosts(base)
        self._roster.declare(hosts)
        self._forget_gone(hosts)
        later = self._first_looks(hosts, mail, now)
        self._undecided = later is not None
        if later is not None:
            self._message = "waiting for the first look at each host"
            self._show(now)
            return later
        plan = self._judge(self._candidate, mail, now) if self._candidate is not None else None
        if self._fleet is None:
            self._message = "no revision is in force: the newest one is held"
            self._show(now)
            return None
        return self._hold_to(plan or self._planned(self._input(self._fleet, mail, now)), now)

    def _first_looks(self, hosts: Mapping[str, object], mail: Mail, now: float) -> float | None:
        """Return until when to wait for hosts that have not answered at all yet; None once nothing is waited for.

        Nor have they whole answers before probes were made: what nobody has asked is not ready, and would be the first
        to go. Only the first plan waits: later hosts join a plan that knows them as unseen.
        """
        if self._plan is not None:
            return None
        agent, limit = self._shared.settings.agent, self._shared.settings.first_look
        looks = {name: mail.observations.get(name) for name in sorted(hosts)}
        waits = [
            self._first_seen.setdefault(name, now) + limit
            for name, look in looks.items()
            if look is None or (isinstance(look, Seen) and undecided(look, agent, now))
        ]
        return max((until for until in waits if now < until <= now + limit), default=None)

    def _forget_gone(self, hosts: Mapping[str, object]) -> None:
        for name in sorted(set(self._delivered) - set(hosts)):
            del self._delivered[name]
            self._shared.inbox.forget(name)

    def _judge(self, candidate: Fleet, mail: Mail, now: float) -> FleetPlan | None:
        """Let a good revision in and return its first plan, or hold it back when it would remove too much."""
        revision = candidate.revision
        asked = self._input(candidate, mail, now)
        plan = self._planned(asked)
        held = prune_guard(asked, plan, self._shared.settings.prune)
        if held is not None and revision.id not in self._state.approved:
            if revision.id != self._state.held:
                self._say("RevisionHeld", held.message, revision, now, warning=True)
            self._change(held=revision.id, held_why=held.message, refused="", refused_why=())
            return None
        self._fleet, self._before, self._candidate = candidate, self._fleet, None
        self._say("RevisionApplied", revision.subject or "in force", revision, now)
        self._change(in_force=revision.id, in_force_since=now, refused="", refused_why=(), held="", held_why="")
        self._change(approved=())
        hosts = _hosts(candidate)
        self._roster.declare(hosts)
        self._forget_gone(hosts)
        return plan

    def _planned(self, asked: FleetInput) -> FleetPlan:
        with self._shared.counters.timed("plan-fleet"):
            return plan_fleet(asked)

    def _input(self, fleet: Fleet, mail: Mail, now: float) -> FleetInput:
        unknown = Unseen(since=now, reason="not looked at yet")
        return FleetInput(
            agent=self._shared.settings.agent,
            fleet=fleet,
            observations={name: mail.observations.get(name, unknown) for name in sorted(_hosts(fleet))},
            memory=self._state.memory,
            key=self._shared.settings.key,
            now=now,
            prune=self._shared.settings.prune.enabled,
            failures=mail.failures,
            before=self._before if fleet is self._fleet else self._fleet,
            load=mail.load,
            metrics=mail.answers,
            autoscaling=self._shared.settings.autoscaling,
            profiles=self._shared.settings.profiles,
        )

    def _hold_to(self, plan: FleetPlan, now: float) -> float | None:
        """Hand each host its part of a plan, once memory is saved."""
        for event in _rescaled(self._state.memory, plan.memory, now):
            self._shared.recorder.happened(event)
        self._change(memory=plan.memory)
        if not self._save(now):
            self._show(now)
            return now + _SAVE_AGAIN
        self._plan, self._message = plan, ""
        changed = {name: one for name, one in plan.desired.items() if self._delivered.get(name) != one}
        self._roster.deliver(changed)
        self._delivered.update(changed)
        self._roster.measure(frozenset(plan.measure))
        self._asking.want(plan.queries)
        self._tell_waiting(plan, now)
        self._show(now)
        return min((at for at in (plan.wake_at, plan.due_at) if at is not None), default=None)

    def _tell_waiting(self, plan: FleetPlan, now: float) -> None:
        before, self._unplaced = self._unplaced, set()
        for waiting in plan.waiting:
            if waiting.reason == "unschedulable":
                subject = f"Pod {waiting.pod}" if waiting.pod else str(waiting.object or "")
                event = Event(
                    at=now, type="Warning", reason="FailedScheduling", message=waiting.message, object=subject
                )
                self._shared.recorder.lasts(("fleet", "waits", subject), event)
                self._unplaced.add(subject)
        for subject in sorted(before - self._unplaced):
            self._shared.recorder.over(("fleet", "waits", subject))

    def _change(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)

    def _save(self, now: float) -> bool:
        """Save what changed. Without it no host may hear of a new plan: a restart would not know of it."""
        if self._state != self._saved and not self._write(now):
            return False
        while self._receipts:
            self._receipts.pop()()
        return True

    def _write(self, now: float) -> bool:
        try:
            self._journal.save(self._state)
        except PortError as error:
            self._message = f"the state can't be saved, so nothing new is started: {error}"
            event = Event(at=now, type="Warning", reason="SaveFailed", message=str(error))
            self._shared.recorder.lasts(("fleet", "save"), event)
            return False
        self._saved = self._state
        self._shared.recorder.over(("fleet", "save"))
        return True

    def _say(self, reason: str, message: str, revision: Revision, now: float, *, warning: bool = False) -> None:
        kind = "Warning" if warning else "Normal"
        self._shared.recorder.happened(Event(at=now, type=kind, reason=reason, message=message, revision=revision.id))

    def _show(self, now: float) -> None:
        self._save(now)
        state, plan = self._state, self._plan
        self._shared.board.fleet(
            FleetState(
                in_force=self._fleet.revision if self._fleet else None,
                in_force_since=state.in_force_since if self._fleet else 0.0,
                refused=state.refused,
                refused_why=state.refused_why,
                held=state.held,
                held_why=state.held_why,
                undecided=self._undecided,
                message=self._message,
                statuses=plan.statuses if plan else (),
                waiting=plan.waiting if plan else (),
                planned_at=now if plan else 0.0,
            )
        )


def _rescaled(before: Memory, after: Memory, now: float) -> Iterator[Event]:
    """Yield what autoscalers did."""
    for target, record in after.autoscalers.items():
        known = before.autoscalers.get(target)
        if record.scaled_at and (known is None or known.scaled_at != record.scaled_at):
            why = next((one.message for one in record.shown.conditions if one.reason == "SucceededRescale"), "")
            yield Event(at=now, type="Normal", reason="SuccessfulRescale", message=why, object=target)


def _hosts(fleet: Fleet) -> Mapping[str, Declared[HostObject]]:
    found: dict[str, Declared[HostObject]] = {}
    for declared in fleet.objects.values():
        body = declared.body
        if isinstance(body, HostObject):
            found[body.metadata.name] = Declared(key=declared.key, body=body, origin=declared.origin)
    return found


def _rendered(problem: Problem) -> str:
    subject = f" {problem.object}:" if problem.object else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.location}:{subject} {problem.message}{hint}"
