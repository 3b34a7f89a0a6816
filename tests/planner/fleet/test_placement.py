import pytest
from msgspec.structs import replace

from agent.model.memory import Memory
from agent.model.objects.host import Taint
from agent.model.objects.pod import ContainerPort, Toleration
from agent.model.observation import Seen
from tests.planner.fleet.build import FACTS, World, config_map, container, deployment, host, pod, slots


def test_a_taint_is_borne_for_a_time() -> None:
    bears = Toleration(key="x", operator="Exists", effect="NoExecute", toleration_seconds=300)
    world = World(deployment(1, pod={"tolerations": (bears,), "node_selector": {"disk": "ssd"}}))
    world.hosts = [host("a", labels={"disk": "ssd"}), host("b", labels={"disk": "ssd"}), host("c")]
    world.declare(*world.objects)
    world.settle()
    assert len(world.pods()["a"]) == 1
    world.hosts[0] = host("a", labels={"disk": "ssd"}, taints=(Taint(key="x", effect="NoExecute"),))
    world.declare(*world.objects)
    assert world.act() == []
    since = world.now
    assert world.plan().wake_at == since + 300
    world.now = since + 299
    assert world.act() == []
    world.settle()
    assert (world.pods()["a"], len(world.pods()["b"])) == ([], 1)
    assert world.now >= since + 300


def test_a_pod_that_vanished_comes_back_on_its_host() -> None:
    world = World(deployment(3))
    world.settle()
    before = world.pods()
    gone = before["b"][0]
    world.vanish(gone)
    assert world.settle() == [[("b", "create", gone)]]


def test_pods_stay_where_they_are_when_memory_is_lost() -> None:
    world = World(deployment(3))
    world.settle()
    before = world.pods()
    world.memory = Memory()
    assert world.settle() == []
    assert world.pods() == before


def test_more_hosts_move_nothing() -> None:
    world = World(deployment(4), hosts=["b", "c"])
    world.settle()
    before = world.pods()
    world.hosts.append(host("a"))
    world.observations["a"] = Seen(at=0.0, facts=FACTS)
    world.declare(*world.objects)
    assert world.settle() == []
    assert {name: found for name, found in world.pods().items() if found} == before


def test_all_slots_get_their_host_before_the_rollout_gets_to_them() -> None:
    world = World(deployment(3))
    world.settle()
    world.declare(deployment(3, container("app:2")))
    foretold = world.plan().memory.placements
    world.settle()
    assert {
        f"default/{name}": place for place, found in world.pods().items() for name in found
    }.items() <= foretold.items()


def test_pods_of_a_host_that_is_not_declared_any_more_go_elsewhere() -> None:
    world = World(deployment(3))
    world.settle()
    lost = world.pods()["c"]
    world.hosts = world.hosts[:2]
    world.declare(*world.objects)
    [steps] = world.settle()
    assert [(verb, name) for _, verb, name in steps] == [("create", name) for name in lost]
    assert steps[0][0] in {"a", "b"}


def test_a_pod_that_fits_nowhere_waits_and_says_why() -> None:
    world = World(deployment(3, container(cpu="3")), hosts=["a", "b"])
    world.settle()
    [message] = world.messages()
    assert message.startswith("no host fits web-")
    assert message.endswith("-2: cpu short by 2000m on a, b")
    status = world.status()
    assert (status.phase, status.reason, status.wanted, status.available) == ("Waiting", "Unschedulable", 3, 2)
    assert [(one.phase, one.reason) for one in status.pods][2] == ("Pending", "Unschedulable")


def test_a_pod_that_waited_for_room_gets_it() -> None:
    world = World(deployment(1, container(cpu="3"), name="big"), pod("late", container(cpu="2")), hosts=["a"])
    world.declare(deployment(1, container(cpu="3"), name="big"))
    world.settle()
    world.declare(deployment(1, container(cpu="3"), name="big"), pod("late", container(cpu="2")))
    assert world.settle() == []
    world.declare(pod("late", container(cpu="2")))
    assert sorted(verb for steps in world.settle() for _, verb, _ in steps) == ["create", "remove"]


@pytest.mark.parametrize("field", [{"node_name": "b"}, {"node_selector": {"disk": "ssd"}}])
def test_a_pod_follows_its_node_name_and_its_selector(field: dict[str, object]) -> None:
    world = World(pod("one"), hosts=[host("a"), host("b", labels={"disk": "ssd"})])
    world.settle()
    world.declare(pod("one", **field))
    assert world.messages() == ["one starts once it is gone from a"]
    assert world.settle() == [[("a", "remove", "one")], [("b", "create", "one")]]


def test_a_pod_stays_when_no_host_is_what_it_asks_for_now() -> None:
    world = World(pod("one"))
    world.settle()
    world.declare(pod("one", node_selector={"disk": "ssd"}))
    assert world.settle() == []
    assert world.messages() == ["no host fits one: no label disk=ssd on a, b, c"]


def test_a_deployment_is_not_driven_out_by_a_changed_label() -> None:
    picky = deployment(1, pod={"node_selector": {"disk": "ssd"}})
    world = World(picky, hosts=[host("a", labels={"disk": "ssd"}), host("b")])
    world.settle()
    world.hosts = [host("a"), host("b", labels={"disk": "ssd"})]
    world.declare(picky)
    assert world.settle() == []


def test_no_execute_drives_out_all_but_those_that_tolerate_it() -> None:
    tough = deployment(1, name="tough", pod={"tolerations": (Toleration(operator="Exists"),), "node_name": "a"})
    world = World(deployment(2), tough, hosts=["a", "b"])
    world.settle()
    world.hosts[0] = host("a", taints=(Taint(key="broken", effect="NoExecute"),))
    world.declare(deployment(2), tough)
    world.settle()
    assert {name: slots(found) for name, found in world.pods().items()} == {"a": ["tough-0"], "b": ["web-0", "web-1"]}


def test_two_pods_that_come_to_want_one_host_port_are_parted() -> None:
    def serving(name: str, port: int) -> object:
        return pod(name, container(ports=(ContainerPort(container_port=80, host_port=port),)))

    world = World(serving("one", 80), serving("two", 81), hosts=["a", "b"])  # type: ignore[arg-type]  # Pods
    world.settle()
    assert world.pods() == {"a": ["one"], "b": ["two"]}
    world.hosts = [host("a"), host("b", unschedulable=True)]
    world.declare(serving("one", 80), serving("three", 82))  # type: ignore[arg-type]  # Pods
    world.settle()
    assert world.pods() == {"a": ["one", "three"], "b": []}
    world.hosts = [host("a"), host("b")]
    world.declare(serving("one", 80), serving("three", 80))  # type: ignore[arg-type]  # Pods
    world.settle()
    assert world.pods() == {"a": ["one"], "b": ["three"]}


def test_of_two_copies_the_remembered_one_stays_and_without_memory_the_older() -> None:
    world = World(pod("one"), hosts=["a", "b"])
    world.settle()
    world.observations["b"] = replace(
        world.seen("a"), sandboxes=tuple(replace(one, created_at=1.0) for one in world.seen("a").sandboxes)
    )
    remembered = world.memory
    assert [one.key.name for one in world.plan().desired["b"].leaving] == ["one"]
    world.memory = Memory()
    assert [(one.key.name, one.reason) for one in world.plan().desired["a"].leaving] == [("one", "duplicate")]
    world.memory = remembered
    assert world.settle() == [[("b", "remove", "one")]]


def test_a_copy_that_runs_is_not_given_up_for_one_that_does_not() -> None:
    world = World(pod("one"), hosts=["a", "b"])
    world.settle()
    world.observations["b"] = replace(world.seen("a"), containers=())
    world.memory = Memory(placements={"default/one": "b"})
    assert world.settle() == [[("b", "remove", "one")]]


def test_pods_without_an_object_go_or_with_prune_off_stay_as_they_are() -> None:
    world = World(deployment(2), config_map())
    world.settle()
    world.declare(config_map())
    world.prune = False
    assert world.settle() == []
    world.prune = True
    assert sorted(verb for steps in world.settle() for _, verb, _ in steps) == ["remove", "remove"]


def test_a_declared_pod_may_have_a_name_that_a_deployment_would_choose() -> None:
    world = World(deployment(1))
    [[(_, _, name)]] = world.settle()
    world.declare(deployment(1), pod(name))
    world.settle()
    assert sorted(world.names()) == [name, name.removesuffix("0") + "1"]
    assert world.status().phase == "Ready"
