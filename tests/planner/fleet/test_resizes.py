"""A Pod that is declared by itself and asks for more: it gets it in its place, or on another host, or waits."""

from msgspec.structs import replace

from agent.model.objects import Pod
from agent.model.objects.pod import ResourceRequirements
from tests.planner.fleet.build import World, container, host, pod

SMALL = {"cpu": "2", "memory": "4Gi"}


def solo(name: str, cpu: str, *, node: str = "") -> Pod:
    resources = ResourceRequirements(requests={"cpu": cpu}, limits={"cpu": "4"})
    return pod(name, replace(container(), resources=resources), node_name=node)


def world(*pods: Pod, other: bool = False) -> World:
    """A host with pods on it, and another one; that takes new pods only if asked for."""
    hosts = [host("a", allocatable=SMALL), host("b", allocatable=SMALL, unschedulable=True)]
    found = World(*pods, hosts=hosts)
    found.settle()
    assert found.pods() == {"a": [one.metadata.name for one in pods], "b": []}
    if other:
        found.hosts[1] = host("b", allocatable=SMALL)
    return found


def pending(stage: World, name: str) -> list[tuple[str, str]]:
    [status] = stage.status(name, "Pod").pods
    return [(one.reason, one.message) for one in status.conditions if one.type == "PodResizePending"]


def test_a_pod_that_still_fits_is_resized_in_its_place() -> None:
    stage = world(solo("one", "500m"), solo("two", "500m"), other=True)
    stage.declare(solo("one", "500m"), solo("two", "1500m"))
    assert stage.settle() == [[("a", "update", "two")]]
    assert pending(stage, "two") == []


def test_a_pod_that_no_host_has_room_for_stays_as_it_is() -> None:
    stage = world(solo("one", "500m"), solo("two", "500m"))
    stage.declare(solo("one", "500m"), solo("two", "1700m"))
    assert stage.settle() == []
    assert pending(stage, "two") == [("Deferred", "a has not the room for now")]
    assert stage.messages() == ["the resize of two is deferred: cpu short by 200m on a; unschedulable on b"]
    assert stage.status("two", "Pod").available == 1
    stage.declare(solo("two", "1700m"))
    assert [("a", "update", "two")] in stage.settle()


def test_a_pod_that_outgrows_its_host_altogether_is_never_resized_there() -> None:
    stage = world(solo("one", "500m", node="a"), other=True)
    stage.declare(solo("one", "3", node="a"))
    assert stage.settle() == []
    assert pending(stage, "one") == [("Infeasible", "cpu short by 1000m on a, even if it were empty")]


def test_a_pod_is_made_again_on_another_host_that_has_the_room() -> None:
    stage = world(solo("one", "500m", node="a"), solo("two", "500m"), other=True)
    stage.declare(solo("one", "500m", node="a"), solo("two", "1700m"))
    assert stage.settle() == [[("a", "remove", "two")], [("b", "create", "two")]]


def test_of_two_pods_that_grow_the_first_gets_the_room() -> None:
    stage = world(solo("one", "500m"), solo("two", "500m"))
    stage.declare(solo("one", "1"), solo("two", "1200m"))
    assert stage.settle() == [[("a", "update", "one")]]
    assert pending(stage, "two") != []


def test_a_pod_on_a_host_that_is_unseen_stays_there() -> None:
    stage = world(solo("one", "500m", node="a"), solo("two", "500m"), other=True)
    before = stage.lose("a")
    stage.declare(solo("one", "500m", node="a"), solo("two", "1700m"))
    assert stage.settle() == []
    stage.observations["a"] = before
    assert stage.settle() == [[("a", "remove", "two")], [("b", "create", "two")]]


def test_what_already_runs_keeps_its_place_when_its_host_gets_smaller() -> None:
    stage = world(solo("one", "1"), solo("two", "1"), other=True)
    stage.hosts[0] = host("a", allocatable={"cpu": "1", "memory": "4Gi"})
    stage.declare(solo("one", "1"), solo("two", "1"))
    assert stage.settle() == []
