"""Tags that may move are asked for at the slow pace, beside the loop."""

from collections.abc import Callable, Sequence

from agent.model.desired import DesiredPod, HostDesired
from agent.model.objects.meta import ObjectKey
from agent.model.objects.pod import Container, PodSpec
from agent.model.origin import Origin
from agent.model.plan import FingerprintKey
from agent.ports import Temporary
from agent.reconciler.host.tags import Tags
from agent.reconciler.inbox import Inbox
from agent.reconciler.reporting.board import Board
from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.recorder import Recorder
from agent.reconciler.settings import Settings
from agent.reconciler.shared import Shared
from agent.simulator.journal import SimulatedJournal
from tests.reconciler.idle_host import IdleHost
from tests.reconciler.test_parts import POD

DESIRED = HostDesired(
    host="h1",
    agent="a",
    revision="1",
    pods=(
        DesiredPod(
            key=POD,
            owner=ObjectKey(kind="Pod", namespace="default", name="web"),
            origin=Origin(file="web.yaml"),
            spec_path="spec",
            spec=PodSpec(
                containers=(
                    Container(name="moves", image="app", image_pull_policy="Always"),
                    Container(name="stays", image="app:1", image_pull_policy="IfNotPresent"),
                )
            ),
        ),
    ),
)


class Asked(IdleHost):
    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.fails = False

    def refresh_images(self, images: Sequence[str]) -> None:
        self.asked.append(images)
        if self.fails:
            raise Temporary("the registry is down")


def tags() -> tuple[Tags, list[Callable[[], None]], list[str], SimulatedJournal]:
    journal, counters, line, woken = SimulatedJournal(), Counters(), list[Callable[[], None]](), list[str]()
    shared = Shared(
        settings=Settings(agent="a", key=FingerprintKey(value=b"k" * 32), resync=300.0),
        inbox=Inbox(),
        board=Board("a", counters, current=lambda: True, changed=lambda: None),
        recorder=Recorder(journal),
        counters=counters,
    )
    return Tags("h1", shared, line.append, lambda: woken.append("woken")), line, woken, journal


def test_images_that_are_always_pulled_are_asked_for_once_in_a_while() -> None:
    moving, line, woken, _ = tags()
    host = Asked()
    for now in (0.0, 299.0, 300.0, 301.0):
        moving.refresh(host, DESIRED, now)
    assert len(line) == 1
    line.pop()()
    assert host.asked == [["app"]]
    assert woken == ["woken"], "so that the host is looked at"


def test_a_registry_that_hangs_is_not_asked_twice_and_one_that_fails_is_asked_again() -> None:
    moving, line, woken, journal = tags()
    host = Asked()
    host.fails = True
    moving.refresh(host, DESIRED, 0.0)
    moving.refresh(host, DESIRED, 300.0)
    moving.refresh(host, DESIRED, 900.0)
    assert len(line) == 1
    line.pop()()
    assert woken == []
    assert [event.reason for event in journal.events] == ["RefreshFailed"]
    moving.refresh(host, DESIRED, 1200.0)
    assert len(line) == 1
