"""Draining and preemption, kind by kind."""

from msgspec.structs import replace

from agent.model.objects.pod import SpreadConstraint
from agent.model.objects.selector import LabelSelector
from agent.model.plan import FleetInput
from tests.planner.batch.build import Works, job
from tests.planner.disruption.build import allowed, budget, drain, drained, priority
from tests.planner.fleet.build import RECREATE, World, container, deployment, host, pod
from tests.planner.stateful.build import daemon, stateful

HIGH = priority("high", 1000)


class Packed(World):
    """A world whose agent knows a profile that packs."""

    @property
    def given(self) -> FleetInput:
        return replace(super().given, profiles={"pack": "MostAllocated"})


def test_pods_of_a_daemon_set_stay_on_a_host_that_is_drained() -> None:
    world = World(daemon(), pod("one"))
    world.settle()
    drain(world, "a")
    world.settle()
    assert [len(found) for found in world.pods().values()] == [1, 2, 1]
    assert drained(world, "a").reason == "Drained"


def test_a_daemon_set_that_comes_first_makes_room_for_itself() -> None:
    world = World(pod("big", container(cpu="3")), HIGH, hosts=["a"])
    world.settle()
    world.declare(*world.objects, daemon(container(cpu="2"), pod={"priority_class_name": "high"}))
    world.settle()
    assert [name.partition("-")[0] for name in world.names()] == ["log"]
    assert world.messages() == ["no host fits big: cpu short by 1000m on a"]


def test_pods_of_a_stateful_set_move_one_by_one_as_the_budget_says() -> None:
    world = World(stateful(4), budget("db", most=1), hosts=["a", "b"])
    world.settle()
    drain(world, "a")
    story = world.settle(rounds=100)
    assert len(world.pods()["b"]) == 4
    assert all(sum(verb == "remove" for _, verb, _ in steps) <= 1 for steps in story)


def test_a_job_makes_another_pod_for_one_that_is_drained() -> None:
    world = Works(job(completions=2, parallelism=2), hosts=["a", "b"])
    world.settle()
    drain(world, "a")
    world.settle()
    assert world.pods()["a"] == []
    assert world.running() == ["work-1", "work-2"]
    world.still()
    world.end_all()
    assert world.outcome()[0] == "Complete"


def test_a_job_whose_pod_makes_room_makes_another_that_waits() -> None:
    world = Works(job(container(cpu="3"), completions=1), HIGH, hosts=["a"])
    world.settle()
    urgent = pod("urgent", container(cpu="3"), priority_class_name="high")
    world.declare(*world.objects, urgent)
    [leaving] = world.plan().desired["a"].leaving
    assert (leaving.reason, leaving.key.name.startswith("work-")) == ("preempted", True)
    world.settle()
    assert world.names() == ["urgent"]
    world.still()
    world.declare(*world.objects[:2])
    world.settle()
    assert world.running() == ["work-1"]


def test_a_budget_in_percent_rounds_up_and_knows_the_workload() -> None:
    world = World(deployment(7), budget(least="50%"))
    world.settle()
    assert allowed(world) == (3, 7, 4, 7)
    world.declare(deployment(7), budget(most="30%"))
    assert allowed(world) == (4 - 1, 7, 7 - 3, 7)


def test_a_budget_in_percent_of_what_has_no_scale_allows_nothing() -> None:
    world = World(daemon(), budget("log", least="50%"))
    world.settle()
    status = world.status("log", "PodDisruptionBudget")
    assert (status.phase, status.reason) == ("Ready", "SyncFailed")
    assert status.message == (
        "DaemonSet default/log has no scale: only a minAvailable that is a number holds for its pods"
    )
    world.declare(daemon(), budget("log", least=2))
    assert allowed(world, "log") == (1, 3, 2, 3)


def test_older_pods_of_a_rollout_that_stands_still_leave_as_well() -> None:
    world = World(deployment(4), hosts=["a", "b"])
    world.settle()
    world.declare(deployment(4, container("app:2"), paused=True))
    world.settle()
    drain(world, "a")
    world.settle(rounds=100)
    assert world.pods()["a"] == []


def test_a_recreated_deployment_can_be_drained() -> None:
    world = World(deployment(3, strategy=RECREATE), budget(most=1))
    world.settle()
    drain(world, "a", "b")
    world.settle(rounds=100)
    assert len(world.pods()["c"]) == 3


def test_spread_counts_the_pods_of_every_kind() -> None:
    spread = SpreadConstraint(
        max_skew=1,
        topology_key="kubernetes.io/hostname",
        when_unsatisfiable="DoNotSchedule",
        label_selector=LabelSelector(match_labels={"app": "db"}),
    )
    world = World(stateful(5, pod={"topology_spread_constraints": (spread,)}))
    world.settle()
    assert sorted(len(found) for found in world.pods().values()) == [1, 2, 2]


def test_a_profile_fills_one_host_before_the_next_and_an_unknown_one_waits() -> None:
    world = Packed(
        deployment(3, container(cpu="1"), pod={"scheduler_name": "pack"}),
        deployment(2, name="even"),
        pod("lost", scheduler_name="nobody"),
    )
    world.settle()
    packed = [len([name for name in found if name.startswith("web")]) for found in world.pods().values()]
    assert sorted(packed) == [0, 0, 3]
    why = "the agent has no scheduler profile nobody (spec.scheduler.profiles of its configuration)"
    assert world.messages() == [f"no host fits lost: {why}"]


def test_what_a_host_keeps_for_itself_is_not_given_out() -> None:
    world = World(pod("one", container(cpu="3500m")), hosts=[host("a", reserved={"cpu": "1"})])
    world.settle()
    assert world.messages() == ["no host fits one: cpu short by 500m on a"]
    whole = host("a", reserved={"cpu": "1"}, allocatable={"cpu": "4"})
    declared = World(pod("one", container(cpu="3500m")), hosts=[whole])
    declared.settle()
    assert declared.names() == ["one"]
