from collections.abc import Iterable

from msgspec.structs import replace

from agent.model.action import Action, RunSandbox
from agent.model.objects.meta import PodKey
from agent.model.observation import Observation, SandboxSeen, Seen


class Expected:
    """Pods that may be on a host without having been seen there: the fleet planner must count them.

    They are those whose making was started since the host was looked at, and, when the link is lost, those whose
    making was under way then. Without them a new commit would take a host for emptier than it is about to be.
    """

    def __init__(self) -> None:
        self._sandboxes: dict[PodKey, SandboxSeen] = {}

    def launched(self, actions: Iterable[Action], now: float) -> None:
        """Take in what is about to be made."""
        for action in actions:
            for step in action.steps:
                if isinstance(step, RunSandbox):
                    name = f"expected {step.config.uid} {step.config.attempt}"
                    made = SandboxSeen(id=name, config=step.config, ready=False, created_at=now)
                    self._sandboxes[action.pod] = made

    def add_to(self, observation: Observation, busy: frozenset[PodKey]) -> Observation:
        """Return a look at the host with what may be there besides; ``busy`` are the pods with actions in flight.

        A look taken after an action ended has the last word on what it made.
        """
        if isinstance(observation, Seen):
            self._sandboxes = {pod: one for pod, one in self._sandboxes.items() if pod in busy}
            return self._joined(observation)
        if observation.last_known is None:
            return observation
        return replace(observation, last_known=self._joined(observation.last_known))

    def _joined(self, seen: Seen) -> Seen:
        there = {(one.config.uid, one.config.attempt) for one in seen.sandboxes}
        more = [one for one in self._sandboxes.values() if (one.config.uid, one.config.attempt) not in there]
        if not more:
            return seen
        return replace(seen, sandboxes=tuple(sorted((*seen.sandboxes, *more), key=lambda one: one.id)))
