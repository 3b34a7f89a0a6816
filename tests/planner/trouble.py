"""What goes wrong in worlds of property tests: plans carried out by halves, pods and hosts that go and come."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from agent.model.observation import Observation
from agent.model.plan import FleetPlan
from agent.planner.fleet import plan_fleet
from tests.planner.fleet.build import World

_COPIED = 8
"""Every so many plans: copying a world takes many times as long as planning it."""


class Stage(World):
    """A world in which things go wrong. ``hidden`` is what cut off hosts really run."""

    def __init__(self, *objects: Any) -> None:  # noqa: ANN401 -- passed on
        self.hidden: dict[str, Observation] = {}
        self.plans = 0
        super().__init__(*objects)

    def plan(self) -> FleetPlan:
        """Plan, and hold what is remembered of earlier plans to what follows from the input alone."""
        self.plans += 1
        afresh = plan_fleet(copy.deepcopy(self.given)) if self.plans % _COPIED == 0 else None
        plan = super().plan()
        assert afresh is None or plan == afresh, "what is remembered of earlier plans changes a plan"
        return plan

    def check(self) -> FleetPlan:
        """Plan, and hold the plan to what it promises."""
        raise NotImplementedError


class Event(NamedTuple):
    """Something that happens; shown in words when a test fails."""

    what: str
    happen: Callable[[Any], None]

    def __repr__(self) -> str:
        return self.what


def act(luck: Sequence[int]) -> Event:
    """Do some of the plan: the whole of an action, a part of it, or nothing, as luck has it."""

    def happen(stage: Stage) -> None:
        plan = stage.check()
        done: set[tuple[str, str]] = set()
        for number, (place, action) in enumerate(stage.actions(plan)):
            fate = luck[number % len(luck)]
            if fate == 0 or any((place, before) not in done for before in action.after):
                continue
            stage.do(place, action, None if fate > 3 else len(action.steps) * fate // 4)
            if fate > 3:
                done.add((place, action.id))
        stage.now += 1

    return Event(f"act({luck})", happen)


def hit(blow: str, number: int) -> Event:
    """Have a pod of a host that is not cut off die, or vanish."""

    def happen(stage: Stage) -> None:
        names = [name for place, found in stage.pods().items() if place not in stage.hidden for name in found]
        if names:
            (stage.kill if blow == "kill" else stage.vanish)(names[number % len(names)])

    return Event(f"{blow}(pod {number})", happen)


def cut(name: str, *, forget: bool) -> Event:
    """Cut a host off."""

    def happen(stage: Stage) -> None:
        if name not in stage.hidden:
            stage.hidden[name] = stage.lose(name, forget=forget)

    return Event(f"cut({name}, {forget=})", happen)


def back(name: str) -> Event:
    """Let a host be seen again."""

    def happen(stage: Stage) -> None:
        if name in stage.hidden:
            stage.observations[name] = stage.hidden.pop(name)

    return Event(f"back({name})", happen)


def wait(seconds: int) -> Event:
    """Let time pass."""

    def happen(stage: Stage) -> None:
        stage.now += seconds

    return Event(f"wait({seconds})", happen)


HOSTS = st.sampled_from("abc")
ACTS = st.lists(st.integers(0, 9), min_size=1, max_size=4).map(act)
HITS = st.builds(hit, st.sampled_from(["kill", "vanish"]), st.integers(0, 20))
CUTS = st.builds(cut, HOSTS, forget=st.booleans())
BACKS = HOSTS.map(back)
