"""A host that cannot be seen is not empty: its pods exist, are not available, and nobody makes them twice."""

from agent.model.objects.meta import PodKey
from agent.model.observation import Observation, Unseen
from tests.planner.fleet.build import RECREATE, World, container, deployment, pod, rolling, slots


def leaving(world: World, host: str) -> list[str]:
    return slots(one.key.name for one in world.plan().desired[host].leaving)


def test_a_lost_host_changes_nothing_elsewhere() -> None:
    world = World(deployment(3), pod("one"))
    world.settle()
    world.lose("a")
    assert world.settle() == []
    status = world.status()
    assert (status.phase, status.reason, status.wanted, status.available) == ("Waiting", "HostUnseen", 3, 2)
    assert status.pods[[one.host for one in status.pods].index("a")].phase == "Unknown"


def test_the_same_after_a_restart_of_the_agent() -> None:
    world = World(deployment(3), pod("one"))
    world.settle()
    memory = world.memory
    before = world.lose("a", forget=True)
    assert world.settle() == []
    assert world.memory.placements == memory.placements
    world.observations["a"] = before
    assert world.settle() == []


def test_nothing_new_is_put_on_an_unseen_host() -> None:
    world = World(hosts=["a", "b"])
    world.lose("a")
    world.declare(deployment(2), pod("one", node_name="a"))
    world.settle()
    assert slots(world.pods()["b"]) == ["web-0", "web-1"]
    assert "no host fits one: unseen on a" in world.messages()


def test_a_rollout_counts_pods_it_cannot_see_as_there_and_not_available() -> None:
    world = World(deployment(3, strategy=rolling(1, 0)))
    world.settle()
    before = world.lose("a")
    world.declare(deployment(3, container("app:2"), strategy=rolling(1, 0)))
    world.settle()
    # Two of three are available: with nothing that may be unavailable, the old one on a goes first, and no other
    # before a new one is available in its stead.
    assert leaving(world, "a") == ["web-0"]
    assert slots(name for place, found in world.pods().items() if place != "a" for name in found) == [
        "web-0",
        "web-1",
        "web-2",
    ]
    world.observations["a"] = before
    world.settle()
    assert slots(world.names()) == ["web-0", "web-1", "web-2"]
    assert world.status().phase == "Ready"


def test_what_git_takes_away_goes_when_the_host_is_back() -> None:
    world = World(deployment(3))
    world.settle()
    before = world.lose("a")
    world.declare(deployment(1))
    world.settle()
    assert leaving(world, "a") == ["web-0"]
    assert slots(world.names()) == ["web-0", "web-1"], "the unseen one goes rather than an available one"
    world.observations["a"] = before
    world.settle()
    assert slots(world.names()) == ["web-1"]


def test_recreate_does_not_start_while_an_old_pod_may_still_run_out_of_sight() -> None:
    world = World(deployment(1, strategy=RECREATE), hosts=["a", "b"])
    world.settle()
    before = world.lose("a")
    world.declare(deployment(1, container("app:2"), strategy=RECREATE))
    assert world.settle() == []
    assert world.status().message.endswith("-0 to be gone")
    world.lose("a", forget=True)  # the agent restarts, and remembers
    assert world.settle() == []
    world.observations["a"] = before
    story = world.settle()
    assert [verb for steps in story for _, verb, _ in steps] == ["remove", "create"]


def test_a_pod_is_not_moved_away_from_a_host_where_it_may_still_run() -> None:
    world = World(pod("one"), hosts=["a", "b"])
    world.settle()
    world.lose("a")
    world.declare(pod("one", node_name="b"))
    assert world.settle() == []
    assert "one starts once it is gone from a" in world.messages()


def test_a_pod_found_twice_after_an_outage_is_taken_away_once() -> None:
    world = World(pod("one"), hosts=["a", "b"])
    world.settle()
    copy: Observation = world.seen("a")
    world.observations["b"] = copy
    world.lose("a")
    desired = world.plan().desired
    assert [one.key for one in desired["b"].pods] == [PodKey(namespace="default", name="one")]
    assert [one.reason for one in desired["a"].leaving] == ["duplicate"]


def test_the_message_names_the_host_and_why() -> None:
    world = World(deployment(1), hosts=["a"])
    world.settle()
    world.observations["a"] = Unseen(since=world.now, reason="connection refused", last_known=world.seen("a"))
    assert world.messages() == ["unseen: connection refused; what runs there is left as it is"]
    assert world.status("a", "Host").phase == "Waiting"
