"""Autoscalers in a fleet: what becomes of replicas, and what is told of it."""

from msgspec.structs import replace

from agent.model.cause import Commit
from agent.model.memory import Memory
from agent.model.objects import ObjectKey
from agent.model.objects.autoscaler import (
    ContainerResourceMetric,
    Metric,
    MetricTarget,
    ScalingBehavior,
    ScalingRules,
)
from agent.model.objects.pod import ResourceRequirements
from agent.planner.autoscaling import governed_by
from tests.planner.autoscaling.build import EAGER, Busy, autoscaler, cpu, external, resource
from tests.planner.fleet.build import container, deployment, pod

WEB = deployment(2, container(cpu="1"))
LONG_AGO = 400.0
"""Longer than Kubernetes doubts the CPU of a young pod."""


def grown(world: Busy) -> Busy:
    """Return a world whose pods are not young any more, and are measured."""
    world.settle()
    world.wait(LONG_AGO)
    return world


def replicas(world: Busy) -> int:
    return len(world.names())


def test_replicas_follow_cpu_up_and_down() -> None:
    world = Busy(WEB, autoscaler(behavior=EAGER))
    world.burn(0.5)
    assert replicas(grown(world)) == 2
    world.burn(0.9)
    world.wait()
    assert replicas(world) == 4, "2 pods at 90 % where 50 % is meant"
    status, told = world.autoscaler()
    assert (told.current_replicas, told.desired_replicas) == (2, 4)
    assert told.last_scale_time == world.memory.autoscalers["Deployment default/web"].looked_at
    assert [(one.name, one.current, one.target) for one in told.current_metrics] == [("cpu", "90%", "50%")]
    assert world.condition("AbleToScale").reason == "SucceededRescale"
    assert status.phase == "Ready"
    world.burn(0.1)
    world.wait(LONG_AGO)
    assert replicas(world) == 1
    assert world.condition("ScalingLimited").status == "False"


def test_pods_stay_for_a_while_after_use_went_down() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(0.9)
    assert replicas(grown(world)) == 4
    world.burn(0.0)
    for _ in range(19):
        world.wait()
        assert replicas(world) == 4
        assert world.condition("AbleToScale").reason == "ScaleDownStabilized"
    world.wait()
    assert replicas(world) == 1, "300 seconds after it was needed last"


def test_a_look_is_taken_no_more_often_than_every_15_seconds_and_changes_nothing_in_between() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(0.5)
    grown(world)
    before = world.memory
    plan = world.plan()
    assert world.memory is before
    assert plan.due_at == before.autoscalers["Deployment default/web"].looked_at + 15
    world.burn(5.0)
    world.now = plan.due_at - 0.1
    assert world.plan().memory is before, "what pods use meanwhile waits for the next look"
    world.now = plan.due_at
    assert world.plan().memory.autoscalers["Deployment default/web"].replicas == 6


def test_many_autoscalers_look_at_one_time() -> None:
    api = deployment(1, container(cpu="1"), name="api")
    world = Busy(WEB, api, autoscaler())
    world.burn(0.5)
    grown(world)
    first = world.plan().due_at
    world.now += 7
    world.declare(WEB, api, autoscaler(), autoscaler(name="api", target="api"))
    last = world.plan().due_at
    assert (first, last) == (world.now + 8, world.now + 15)
    world.now = last or 0.0
    plan = world.plan()
    assert {one.looked_at for one in plan.memory.autoscalers.values()} == {last}


def test_remembered_history_does_not_grow_while_nothing_changes() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(0.5)
    grown(world)
    for _ in range(50):
        world.wait()
    record = world.memory.autoscalers["Deployment default/web"]
    assert len(record.wishes) == 1
    assert record.changes == ()


def test_lost_memory_is_no_reason_to_shrink() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(0.9)
    assert replicas(grown(world)) == 4
    world.memory, world.use = Memory(), lambda _pod: None
    world.settle()
    assert replicas(world) == 4, "its manifest says 2"
    world.burn(0.0)
    world.wait()
    assert replicas(world) == 4, "what was wanted before is not known: as good as just now"


def test_a_new_autoscaler_begins_with_what_runs_within_its_bounds() -> None:
    world = Busy(deployment(5, container(cpu="1")))
    world.settle()
    world.declare(deployment(1, container(cpu="1")), autoscaler(least=1, most=10))
    world.settle()
    assert replicas(world) == 5
    world.declare(deployment(1, container(cpu="1")), autoscaler(least=2, most=3))
    world.settle()
    assert replicas(world) == 3
    assert "above Spec.MaxReplicas" in world.condition("AbleToScale").message
    world.declare(deployment(1, container(cpu="1")), autoscaler(least=7, most=8))
    world.settle()
    assert replicas(world) == 7
    world.declare(deployment(1, container(cpu="1")))
    world.settle()
    assert replicas(world) == 1, "without an autoscaler the manifest says how many"
    assert world.memory.autoscalers == {}


def test_a_new_workload_begins_with_what_its_manifest_says() -> None:
    world = Busy(deployment(4), autoscaler())
    world.settle()
    assert replicas(world) == 4


def test_no_replicas_in_the_manifest_turn_autoscaling_off() -> None:
    world = Busy(deployment(0, container(cpu="1")), autoscaler(least=2))
    world.burn(0.9)
    grown(world)
    assert replicas(world) == 0
    assert world.condition("ScalingActive").reason == "ScalingDisabled"
    assert governed_by(world.fleet, ObjectKey(kind="Deployment", namespace="default", name="web")) is None
    assert world.plan().due_at is None


def test_a_missing_request_is_told_and_nothing_is_scaled() -> None:
    world = Busy(deployment(2, container(cpu="1"), container(name="helper")), autoscaler())
    world.burn(0.9)
    assert replicas(grown(world)) == 2
    active = world.condition("ScalingActive")
    assert (active.status, active.reason) == ("False", "FailedGetResourceMetric")
    assert "missing request for cpu in container helper" in active.message
    assert world.autoscaler()[0].message == active.message


def test_the_use_of_one_container_alone() -> None:
    target = MetricTarget(type="Utilization", average_utilization=50)
    metric = ContainerResourceMetric(name="cpu", container="app", target=target)
    world = Busy(
        deployment(2, container(cpu="1"), container(name="helper")),
        autoscaler(Metric(type="ContainerResource", container_resource=metric)),
    )
    world.burn(0.9)
    assert replicas(grown(world)) == 4
    gone = replace(metric, container="web")
    world.declare(WEB, autoscaler(Metric(type="ContainerResource", container_resource=gone)))
    world.wait()
    assert "container web is not in the pod's template" in world.condition("ScalingActive").message


def test_use_as_an_amount() -> None:
    world = Busy(deployment(2), autoscaler(resource("memory", "100Mi"), behavior=EAGER))
    world.burn(0.1, 150 << 20)
    assert replicas(grown(world)) == 3
    shown = world.autoscaler()[1].current_metrics
    assert [(one.current, one.target) for one in shown] == [("150Mi", "100Mi")]
    world.declare(deployment(2), autoscaler(resource("cpu", "50m"), behavior=EAGER))
    world.wait()
    assert replicas(world) == 6
    assert world.autoscaler()[1].current_metrics[0].current == "100m"


def test_the_metric_that_wants_the_most_counts_and_one_that_is_not_known_forbids_to_shrink() -> None:
    world = Busy(WEB, autoscaler(cpu(), external(each="10"), behavior=EAGER))
    world.burn(0.5)
    world.answers = {"sum(queue)": 60.0}
    assert replicas(grown(world)) == 6
    world.answers = {"sum(queue)": "connection refused"}
    world.burn(0.1)
    world.wait()
    assert replicas(world) == 6
    active = world.condition("ScalingActive")
    assert (active.status, active.reason) == ("False", "FailedGetExternalMetric")
    assert "connection refused" in active.message
    world.burn(0.9)
    world.wait(LONG_AGO)
    assert replicas(world) > 6, "what is known may still ask for more"
    assert world.condition("ScalingActive").status == "True"


def test_a_value_of_the_outside() -> None:
    world = Busy(WEB, autoscaler(external(value="100", queue="mail"), behavior=EAGER))
    assert world.plan().queries == ('sum(queue{queue="mail"})',)
    assert world.plan().measure == (), "nothing is measured that nobody looks at"
    world.answers = {'sum(queue{queue="mail"})': 200.0}
    assert replicas(grown(world)) == 4
    for answer in (float("nan"), float("inf"), 1e306):
        world.answers = {'sum(queue{queue="mail"})': answer}
        before = replicas(world)
        world.wait()
        assert replicas(world) == before
        assert "no number" in world.condition("ScalingActive").message


def test_large_values_of_the_outside_are_reckoned_with_and_shown_in_full() -> None:
    world = Busy(WEB, autoscaler(external(value="1m", queue="mail"), behavior=EAGER, most=5))
    world.answers = {'sum(queue{queue="mail"})': 1e305}
    assert replicas(grown(world)) == 5
    for answer, shown in ((1_234_567.0, "1234567"), (0.25, "0.25"), (0.0, "0")):
        world.answers = {'sum(queue{queue="mail"})': answer}
        world.wait()
        assert world.autoscaler()[1].current_metrics[0].current == shown


def test_young_pods_do_not_count_until_they_were_measured_while_ready() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(1.0)  # a start is work
    world.window = 30.0
    world.settle()
    world.wait()
    assert replicas(world) == 2
    assert "no pod that is ready has been measured yet" in world.condition("ScalingActive").message
    world.wait(30.0)
    assert replicas(world) == 4


def test_only_hosts_with_pods_of_a_target_are_measured() -> None:
    world = Busy(WEB, pod("other"), autoscaler())
    assert world.plan().measure == ()
    world.settle()
    assert set(world.plan().measure) == {world.host_of(name) for name in world.names() if name.startswith("web")}
    world.lose(world.plan().measure[0])
    assert len(world.plan().measure) == 1


def test_pods_on_an_unseen_host_have_no_measurement() -> None:
    world = Busy(deployment(4, container(cpu="1")), autoscaler(behavior=EAGER), hosts=("a", "b"))
    world.burn(0.5)
    grown(world)
    world.lose("a")
    world.burn(0.1)
    world.wait()
    record = world.memory.autoscalers["Deployment default/web"]
    assert record.replicas == 4, "2 at 10 % and 2 that may be at 100 %: no reason to shrink"


def test_an_old_measurement_is_none() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(0.9)
    world.settle()
    world.now += LONG_AGO
    stale = {host: replace(load, at=world.now - 61) for host, load in world.load().items()}
    world.load = lambda: stale  # type: ignore[method-assign]  # as if hosts had not been measured since
    world.settle()
    assert replicas(world) == 2
    assert world.condition("ScalingActive").status == "False"


def test_two_autoscalers_of_one_workload_do_not_fight() -> None:
    world = Busy(WEB, autoscaler(name="a", least=3), autoscaler(name="b", least=5))
    world.settle()
    assert replicas(world) == 3
    assert world.condition("ScalingActive", "b").reason == "AmbiguousSelector"
    key = ObjectKey(kind="Deployment", namespace="default", name="web")
    governor = governed_by(world.fleet, key)
    assert governor is not None
    assert governor.name == "a"


def test_an_autoscaler_without_a_workload_says_so() -> None:
    world = Busy(pod(), autoscaler(target="gone"))
    world.settle()
    status, _ = world.autoscaler()
    assert (status.phase, status.reason) == ("Failed", "FailedGetScale")
    assert governed_by(world.fleet, ObjectKey(kind="Pod", namespace="default", name="one")) is None


def test_a_rollout_is_made_at_the_autoscaled_size() -> None:
    world = Busy(WEB, autoscaler())
    world.burn(0.9)
    assert replicas(grown(world)) == 4
    world.burn(0.5)
    world.declare(deployment(2, container("app:2", cpu="1")), autoscaler())
    world.settle()
    assert replicas(world) == 4


def test_pods_that_go_are_not_measured() -> None:
    world = Busy(WEB, autoscaler(behavior=EAGER))
    world.burn(0.9)
    assert replicas(grown(world)) == 4
    world.burn(0.2)
    world.now += LONG_AGO
    plan = world.plan()  # sends some away; nobody carries it out
    assert len(plan.memory.leaving) == 2
    causes = {
        one.cause.summary
        for desired in plan.desired.values()
        for one in desired.leaving
        if isinstance(one.cause, Commit)
    }
    assert causes == {"scaled down to 2 by its autoscaler"}
    world.use = lambda name: (5.0, 0) if f"default/{name}" in plan.memory.leaving else (0.5, 0)
    world.now += 15
    assert world.plan().memory.autoscalers["Deployment default/web"].replicas == 2


def test_a_workload_of_requests_for_the_whole_pod() -> None:
    whole = ResourceRequirements(requests={"cpu": "2"})
    world = Busy(deployment(2, container(cpu="1"), pod={"resources": whole}), autoscaler())
    world.burn(1.8)
    assert replicas(grown(world)) == 4


def test_clocks_that_are_set_back_hold_up_nobody() -> None:
    world = Busy(WEB, autoscaler(behavior=ScalingBehavior(scale_down=ScalingRules(stabilization_window_seconds=60))))
    world.burn(0.9)
    assert replicas(grown(world)) == 4
    world.now -= 1000
    world.burn(0.1)
    plan = world.plan()
    assert plan.due_at == world.now + 15
