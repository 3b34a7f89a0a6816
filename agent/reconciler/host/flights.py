"""What runs on one host right now: batches of actions, each on a thread of its own, never two for one pod."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from agent.model.action import Action, Outcome, RemovePodFiles
from agent.model.objects.meta import PodKey
from agent.model.value import Value
from agent.ports import Host, Permanent, PortError
from agent.reconciler.host.wishes import Wish, same_wish
from agent.reconciler.reporting.snapshot import InFlight

Submit = Callable[[Callable[[], None]], None]
"""Runs a function side by side with the caller."""

Wishes = Mapping[PodKey, Wish]

_SIDE_BY_SIDE: Final = 8
"""Batches at once on one host. The first is bounded by its host; later ones are for what happens meanwhile."""


class Ended(Value, frozen=True, kw_only=True):
    """An action that ended, and how. ``overtaken``: something else is wanted of its pod by now."""

    action: Action
    outcome: Outcome
    overtaken: bool = False


class Flights:
    """Launches batches and collects how their actions ended.

    A pod stays busy until ``drain`` has handed out how its action ended, so that whoever plans next looks at the
    host after that, not before. ``latest`` tells what is wanted of each pod now: a batch is superseded as soon as
    that differs for one of its pods that has not ended.
    """

    def __init__(self, submit: Submit, latest: Callable[[], Wishes], wake: Callable[[], None]) -> None:
        self._submit = submit
        self._latest = latest
        self._wake = wake
        self._lock = threading.Lock()
        self._flying: dict[tuple[PodKey, str], InFlight] = {}
        self._uids: dict[tuple[PodKey, str], frozenset[str]] = {}
        self._batches = 0
        self._ended: list[tuple[_Batch, Action, Outcome]] = []
        self._landed = 0
        self._halted = False

    @property
    def busy(self) -> frozenset[PodKey]:
        """The pods that nothing else may be started for."""
        return frozenset(pod for pod, _ in self._flying)

    @property
    def now(self) -> tuple[InFlight, ...]:
        """The actions in flight, sorted by pod."""
        return tuple(self._flying[key] for key in sorted(self._flying))

    def halt(self) -> None:
        """Let no further step start, for good."""
        self._halted = True

    def launchable(self, actions: Sequence[Action]) -> tuple[Action, ...]:
        """Return the actions that may start beside what runs: not on a busy pod, nor after one that cannot start.

        A pod's uid counts, too: what is left of a pod is cleaned up by its uid alone. A replacement has two.
        """
        if self._batches >= _SIDE_BY_SIDE:
            return ()
        pods, uids = self.busy, {uid for touched in self._uids.values() for uid in touched}
        blocked = {action.id for action in actions if action.pod in pods or action.uid in uids}
        while more := {one.id for one in actions if one.id not in blocked and not blocked.isdisjoint(one.after)}:
            blocked |= more
        return tuple(action for action in actions if action.id not in blocked)

    def launch(self, host: Host, actions: Sequence[Action], now: float) -> None:
        """Start a batch. No pod of it may be busy."""
        if doubled := sorted(self.busy & {action.pod for action in actions}):
            raise AssertionError(f"an action for {doubled[0]} runs already")
        for action in actions:
            flight = InFlight(pod=action.pod, verb=action.verb, rule=action.rule, since=now)
            self._flying[action.pod, action.id] = flight
            self._uids[action.pod, action.id] = _touched(action)
        self._batches += 1
        batch = _Batch(actions, self._latest())
        self._submit(lambda: self._run(host, batch))

    def drain(self) -> tuple[tuple[Ended, ...], bool]:
        """Return the actions that ended since the last time, and whether a whole batch did."""
        with self._lock:
            ended, self._ended = self._ended, []
            landed, self._landed = self._landed, 0
        self._batches -= landed
        for _, action, _ in ended:
            self._flying.pop((action.pod, action.id), None)
            self._uids.pop((action.pod, action.id), None)
        latest = self._latest()
        found = [
            Ended(action=action, outcome=outcome, overtaken=batch.overtaken(action.pod, latest))
            for batch, action, outcome in ended
        ]
        return tuple(found), landed > 0

    def _run(self, host: Host, batch: "_Batch") -> None:
        def report(outcome: Outcome) -> None:
            with self._lock:
                action = batch.pending.pop(outcome.action, None)
                if action is not None:
                    self._ended.append((batch, action, outcome))

        try:
            host.execute(batch.actions, report=report, superseded=lambda: self._halted or batch.stale(self._latest()))
            self._give_up(batch, "the executor ended without saying how", "runtime")
        except PortError as error:
            self._give_up(batch, str(error), "refused" if isinstance(error, Permanent) else "unreachable")
        except Exception as error:  # noqa: BLE001 -- a fault of ours in one batch must not leave its pods busy for ever
            self._give_up(batch, f"fault in trimtab: {error!r}", "runtime")
        with self._lock:
            self._landed += 1
        self._wake()

    def _give_up(self, batch: "_Batch", error: str, kind: Literal["refused", "unreachable", "runtime"]) -> None:
        with self._lock:
            for action in batch.pending.values():
                outcome = Outcome(action=action.id, pod=action.pod, error=error, kind=kind)
                self._ended.append((batch, action, outcome))
            batch.pending.clear()


def _touched(action: Action) -> frozenset[str]:
    """Return the uids whose files an action makes or removes."""
    return frozenset({action.uid, *(step.uid for step in action.steps if isinstance(step, RemovePodFiles))})


class _Batch:
    """The actions of one call of ``Host.execute``, and what was wanted of their pods when it began."""

    def __init__(self, actions: Sequence[Action], wanted: Wishes) -> None:
        self.actions = tuple(actions)
        self.pending = {action.id: action for action in actions}
        self._wanted = wanted

    def overtaken(self, pod: PodKey, latest: Wishes) -> bool:
        """Tell whether something else is wanted of a pod by now."""
        return not same_wish(self._wanted.get(pod), latest.get(pod))

    def stale(self, latest: Wishes) -> bool:
        """Tell whether something else is wanted by now of a pod whose action has not ended."""
        return latest is not self._wanted and any(
            self.overtaken(action.pod, latest) for action in tuple(self.pending.values())
        )
