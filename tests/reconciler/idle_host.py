"""A host of which nothing is asked: tests answer the calls that they are about."""

from collections.abc import Callable, Mapping, Sequence

from agent.model.action import Action, Outcome
from agent.model.chores import Chore, ChoreOutcome
from agent.model.observation import Seen
from agent.model.probing import ProbeResult, ProbeTarget
from agent.model.usage import ContainerUsage, Usage


class IdleHost:
    """Fails the test at each call that no subclass answers."""

    name = "h1"

    def execute(
        self, actions: Sequence[Action], *, report: Callable[[Outcome], None], superseded: Callable[[], bool]
    ) -> None:
        raise _unasked("execute", actions, report, superseded)

    def observe(self) -> Seen:
        raise _unasked("observe")

    def probe(self, target: ProbeTarget) -> ProbeResult:
        raise _unasked("probe", target)

    def measure(self) -> Usage:
        raise _unasked("measure")

    def sample(self) -> Mapping[str, ContainerUsage]:
        raise _unasked("sample")

    def tidy(self, chores: Sequence[Chore]) -> Sequence[ChoreOutcome]:
        raise _unasked("tidy", chores)

    def refresh_images(self, images: Sequence[str]) -> None:
        raise _unasked("refresh_images", images)

    def watch(self, wake: Callable[[], None]) -> None:
        raise _unasked("watch", wake)

    def close(self) -> None:
        raise _unasked("close")


def _unasked(call: str, *arguments: object) -> AssertionError:
    return AssertionError(f"nobody should call {call}{arguments} of this host")
