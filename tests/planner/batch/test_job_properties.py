"""Whatever happens to pods, hosts and the agent: a job does its work exactly as often as it should."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.model.action import StartContainer
from agent.model.memory import Memory
from agent.model.objects.host import Taint
from agent.model.objects.job import Job
from agent.model.observation import Observation, Seen
from agent.planner.fleet import plan_fleet
from tests.planner.batch.build import Works, indexed, job
from tests.planner.fleet.build import container, host

HOSTS = ("a", "b", "c")
ENOUGH = 100_000
BEGUN = 2_000_000.0
TIMES = {"wait": (5.0, 100.0, 400.0), "back": (-3.0, -900.0, -40_000.0)}
PREPARED = {"pod": {"init_containers": (container(name="prepare"),)}}


class Storm:
    """A world with a job in it, and what may happen there."""

    def __init__(self, make: Any, work: dict[str, Any]) -> None:  # noqa: ANN401 -- job() or indexed()
        self.make, self.work = make, work
        self.world = Works(self.job())
        self.world.now = BEGUN
        self.hidden: dict[str, Seen] = {}
        self.tainted = ""
        self.ended: set[str] = set()

    def job(self, **fields: object) -> Job:
        made: Job = self.make(backoff_limit=ENOUGH, **{**self.work, **fields})
        return made

    def act(self, many: int) -> None:
        """Plan, and do some of what was planned: the agent may die in between."""
        world = self.world
        wanted = sum(len(desired.pods) for desired in plan_fleet(world.given).desired.values())
        assert plan_fleet(world.given) == plan_fleet(copy.deepcopy(world.given)), "nothing remembered changes a plan"
        assert wanted <= self.parallelism, "never more at once than allowed"
        for place, action in world.actions(world.plan())[:many]:
            if any(isinstance(step, StartContainer) for step in action.steps):
                assert action.pod.name not in self.ended, "what ended never runs again"
            world.do(place, action)
        world.now += 1
        record = world.memory.jobs.get("Job default/work")
        if record is not None and self.completions is not None:
            assert record.succeeded <= self.completions

    @property
    def parallelism(self) -> int:
        found: int = self.world.objects[0].spec.parallelism  # type: ignore[union-attr]  # a Job
        return found

    @property
    def completions(self) -> int | None:
        found: int | None = self.world.objects[0].spec.completions  # type: ignore[union-attr]  # a Job
        return found

    def end(self, number: int, code: int) -> None:
        """Let some pod that runs come to its end, seen or not; one that still prepares its work fails at that."""
        looks: dict[str, Observation] = {**self.world.observations, **self.hidden}
        pods = [
            (place, one.id, one.config.name)
            for place, seen in sorted(looks.items())
            if isinstance(seen, Seen)
            for one in seen.sandboxes
            if one.config.name not in self.ended and any(each.sandbox_id == one.id for each in seen.containers)
        ]
        if not pods:
            return
        place, sandbox, name = pods[number % len(pods)]
        seen = looks[place]
        assert isinstance(seen, Seen)
        inside = [one for one in seen.containers if one.sandbox_id == sandbox]
        last = next((one for one in inside if one.config.name == "app"), replace(inside[0], exit_code=code or 1))
        ended = replace(last, state="exited", exit_code=last.exit_code or code, finished_at=self.world.now)
        after = replace(seen, containers=tuple(ended if one.id == ended.id else one for one in seen.containers))
        self.ended.add(name)
        (self.hidden if place in self.hidden else self.world.observations)[place] = after

    def cut(self, number: int, forget: int) -> None:
        place = HOSTS[number % len(HOSTS)]
        if place not in self.hidden:
            before = self.world.lose(place, forget=bool(forget % 2))
            assert isinstance(before, Seen)
            self.hidden[place] = before

    def mend(self) -> None:
        self.world.observations.update(self.hidden)
        self.hidden.clear()

    def taint(self, number: int) -> None:
        self.tainted = ("", *HOSTS)[number % 4]
        taints = (Taint(key="maintenance", effect="NoExecute"),)
        self.world.hosts = [host(name, taints=taints if name == self.tainted else ()) for name in HOSTS]
        self.world.declare(*self.world.objects)

    def change(self, number: int) -> None:
        self.world.declare(self.job(parallelism=1 + number % 4, suspend=number % 5 == 0))

    def happen(self, what: str, number: int, more: int) -> None:
        match what:
            case "act":
                self.act(1 + more % 8)
            case "succeed":
                self.end(number, 0)
            case "fail":
                self.end(number, 1 + more)
            case "cut":
                self.cut(number, more)
            case "mend":
                self.mend()
            case "wait" | "back":
                self.world.now += TIMES[what][number % 3]
            case "forget" if not (self.hidden or self.tainted or self.world.memory.leaving):
                self.world.memory = Memory()
            case "taint":
                self.taint(number)
            case "change":
                self.change(number)

    def calm(self) -> None:
        """Let nothing more go wrong, and all that runs succeed, until nothing is left to do."""
        self.mend()
        self.taint(0)
        self.world.declare(self.job())
        for _ in range(60):
            self.act(ENOUGH)
            self.world.now += 700
            if self.world.record().finished_at:
                break
            if running := self.world.running():
                self.end(len(running), 0)
        self.world.settle()


RARE = ("back", "forget")
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["act", "act", "act", "succeed", "fail", "cut", "mend", "wait", "taint", "change", *RARE]),
        st.integers(0, 11),
        st.integers(0, 11),
    ),
    max_size=40,
)
KINDS = st.sampled_from(
    [
        (job, {"completions": 3, "parallelism": 2}),
        (job, {"completions": 1}),
        (job, {"completions": 2, **PREPARED}),
        (indexed, {"completions": 2, "parallelism": 2, **PREPARED}),
        (indexed, {"completions": 3, "parallelism": 2}),
        (indexed, {"completions": 3, "parallelism": 2, "backoff_limit_per_index": ENOUGH}),
        (indexed, {"completions": 2, "parallelism": 2, "pod_replacement_policy": "Failed"}),
        (job, {"completions": 2, "parallelism": 2, "pod_replacement_policy": "Failed"}),
    ]
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(kind=KINDS, events=EVENTS)
def test_completions_are_exact(kind: tuple[Any, dict[str, Any]], events: list[tuple[str, int, int]]) -> None:
    storm = Storm(*kind)
    for what, number, more in events:
        storm.happen(what, number, more)
    storm.calm()
    world, completions = storm.world, kind[1]["completions"]
    assert world.outcome()[0] == "Complete"
    assert world.told().succeeded == completions
    assert world.running() == []
    world.still()
    if kind[0] is indexed:
        assert world.told().completed_indexes == (f"0-{completions - 1}" if completions > 1 else "0")
