"""A ReplicaSet holds a number of pods; a changed template is for those that are still to come."""

from typing import Any

from agent.model.kindstatus import ReplicaSetStatus
from agent.model.objects import ObjectMeta
from agent.model.objects.pod import Container, PodSpec, PodTemplate, PodTemplateMeta
from agent.model.objects.replicaset import ReplicaSet, ReplicaSetSpec
from agent.model.objects.selector import LabelSelector
from agent.model.status import ObjectStatus
from tests.planner.fleet.build import World, container, deployment, slots


def replica_set(replicas: int = 3, *containers: Container, name: str = "web", **spec: Any) -> ReplicaSet:  # noqa: ANN401
    labels = {"app": name}
    template = PodTemplate(
        metadata=PodTemplateMeta(labels=labels), spec=PodSpec(containers=containers or (container(),))
    )
    return ReplicaSet(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=ReplicaSetSpec(selector=LabelSelector(match_labels=labels), replicas=replicas, template=template, **spec),
    )


def status(world: World) -> ObjectStatus:
    return world.status("web", "ReplicaSet")


def generations(world: World) -> int:
    return len({name.rsplit("-", 1)[0] for name in world.names()})


def test_pods_are_made_spread_and_counted() -> None:
    world = World(replica_set(3))
    assert len(world.settle()[0]) == 3
    assert [len(found) for found in world.pods().values()] == [1, 1, 1]
    assert status(world).phase == "Ready"
    assert status(world).status == ReplicaSetStatus(
        replicas=3, fully_labeled_replicas=3, ready_replicas=3, available_replicas=3
    )


def test_a_new_template_replaces_no_pod_but_is_what_the_next_ones_are_made_from() -> None:
    world = World(replica_set(2))
    world.settle()
    before = world.names()
    world.declare(replica_set(2, container("app:2")))
    assert world.settle() == []
    assert status(world).phase == "Ready"
    world.declare(replica_set(3, container("app:2")))
    [[(_, verb, new)]] = world.settle()
    assert (verb, generations(world)) == ("create", 2)
    world.vanish(before[0])
    [again] = [name for line in world.settle() for _, verb, name in line if verb == "create"]
    assert again.rsplit("-", 1)[0] == new.rsplit("-", 1)[0]
    assert world.status("web", "ReplicaSet").phase == "Ready"


def test_scaled_down_by_the_ranking_whatever_the_template() -> None:
    world = World(replica_set(2))
    world.settle()
    old = world.names()
    world.declare(replica_set(3, container("app:2")))
    world.settle()
    world.kill(old[0])
    world.declare(replica_set(2, container("app:2")))
    steps = [name for line in world.settle() for _, verb, name in line if verb == "remove"]
    assert steps == [old[0]], "the one that does not run"
    world.declare(replica_set(0, container("app:2")))
    world.settle()
    assert world.names() == []


def test_a_pod_that_was_half_made_when_the_template_changed_is_finished() -> None:
    both = (container(), container(name="proxy"))
    world = World(replica_set(1, *both), hosts=["a"])
    [first] = world.actions(world.plan())
    world.do(*first, steps=len(first[1].steps) - 1)
    world.declare(replica_set(1, container("app:2"), container("proxy:2", name="proxy")))
    world.settle()
    assert world.names() == [first[1].pod.name]
    assert (status(world).phase, status(world).ready) == ("Ready", 1)


def test_a_lost_pod_is_made_elsewhere_and_the_surplus_goes() -> None:
    world = World(replica_set(3))
    world.settle()
    before = world.lose("a")
    world.plan()
    world.now += 301
    world.settle()
    assert slots(name for place in "bc" for name in world.pods()[place]) == ["web-0", "web-1", "web-2", "web-3"][1:]
    world.observations["a"] = before
    story = world.settle()
    assert [verb for line in story for _, verb, _ in line] == ["remove"]
    assert [len(found) for found in world.pods().values()] == [1, 1, 1]
    assert world.actions(world.plan()) == []


def test_min_ready_seconds() -> None:
    world = World(replica_set(1, min_ready_seconds=30))
    world.act()
    assert (status(world).ready, status(world).available, world.plan().wake_at) == (1, 0, world.now - 1 + 30)
    world.settle()
    assert status(world).phase == "Ready"


def test_a_deployment_of_the_same_name_and_template_is_another_workload() -> None:
    world = World(replica_set(2), deployment(2))
    world.settle()
    assert len(world.names()) == 4
    assert world.status("web", "Deployment").phase == status(world).phase == "Ready"
