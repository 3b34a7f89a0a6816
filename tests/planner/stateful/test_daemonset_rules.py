"""DaemonSets against Kubernetes' rules: which hosts have a pod, and how fast they change."""

from collections.abc import Sequence

import pytest

from agent.model.action import StartContainer
from agent.model.kindstatus import DaemonSetStatus
from agent.model.memory import Memory
from agent.model.objects import Host
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.host import Taint
from agent.model.objects.pod import (
    Affinity,
    NodeAffinity,
    NodeRequirement,
    NodeSelector,
    NodeTerm,
    Toleration,
)
from agent.model.observation import Seen
from tests.planner.fleet.build import FACTS, World, container, host
from tests.planner.stateful.build import (
    DAEMON_ON_DELETE,
    Slow,
    daemon,
    daemon_rolling,
    images,
    of,
    ready,
    slow,
    unready,
)

PRESSED = Taint(key="node.kubernetes.io/disk-pressure", effect="NoSchedule")
GPU = Taint(key="gpu", effect="NoSchedule")
BROKEN = Taint(key="broken", effect="NoExecute")
FAST = Affinity(
    node_affinity=NodeAffinity(
        required_during_scheduling_ignored_during_execution=NodeSelector(
            node_selector_terms=(
                NodeTerm(match_expressions=(NodeRequirement(key="disk", operator="In", values=("fast",)),)),
            )
        )
    )
)


def places(world: World) -> list[str]:
    """Return the hosts that have a pod, each as often as it has one."""
    return [name for name, pods in world.pods().items() for _ in pods]


def become(world: World, *hosts: Host | str) -> None:
    """Put other hosts into the source."""
    world.hosts = [host(one) if isinstance(one, str) else one for one in hosts]
    names = [one.metadata.name for one in world.hosts]
    seen = {name: world.observations.get(name, Seen(at=world.now, facts=FACTS)) for name in names}
    world.observations = seen
    world.declare(*world.objects)


def status(world: World) -> DaemonSetStatus:
    found = of(world, "DaemonSet", "log").status
    assert isinstance(found, DaemonSetStatus)
    return found


@pytest.mark.parametrize(
    ("wanted", "hosts", "expected"),
    [
        (daemon(), ["a", "b"], ["a", "b"]),
        (daemon(pod={"node_name": "b"}), ["a", "b"], ["b"]),
        (daemon(pod={"node_selector": {"disk": "fast"}}), [host("a", labels={"disk": "fast"}), "b"], ["a"]),
        (daemon(pod={"affinity": FAST}), [host("a", labels={"disk": "fast"}), "b"], ["a"]),
        (daemon(), [host("a", taints=(GPU,)), "b"], ["b"]),
        (daemon(), [host("a", taints=(BROKEN,)), "b"], ["b"]),
        (daemon(pod={"tolerations": (Toleration(operator="Exists"),)}), [host("a", taints=(GPU, BROKEN))], ["a"]),
        (daemon(), [host("a", taints=(PRESSED,)), host("b", unschedulable=True)], ["a", "b"]),
    ],
    ids=["every", "nodeName", "nodeSelector", "affinity", "NoSchedule", "NoExecute", "tolerated", "pressed, cordoned"],
)
def test_which_hosts_have_a_pod(wanted: DaemonSet, hosts: Sequence[Host | str], expected: list[str]) -> None:
    world = World(wanted, hosts=hosts)
    world.settle()
    assert places(world) == expected
    assert of(world, "DaemonSet", "log").phase == "Ready"
    assert status(world).desired_number_scheduled == status(world).number_available == len(expected)


def test_a_network_that_is_not_there_matters_not_to_pods_on_the_hosts_own() -> None:
    taint = Taint(key="node.kubernetes.io/network-unavailable", effect="NoSchedule")
    on_host = World(daemon(pod={"host_network": True}), hosts=[host("a", taints=(taint,))])
    on_host.settle()
    assert places(on_host) == ["a"]
    of_its_own = World(daemon(), hosts=[host("a", taints=(taint,))])
    of_its_own.settle()
    assert places(of_its_own) == []


def test_hosts_come_and_go() -> None:
    world = World(daemon(), hosts=["a", "b"])
    world.settle()
    become(world, "b", "c")
    world.settle()
    assert places(world) == ["b", "c"]


def test_a_label_that_goes_takes_the_pod_with_it() -> None:
    world = World(daemon(pod={"node_selector": {"disk": "fast"}}), hosts=[host("a", labels={"disk": "fast"}), "b"])
    world.settle()
    become(world, "a", host("b", labels={"disk": "fast"}))
    world.settle()
    assert places(world) == ["b"]


def test_a_taint_keeps_new_pods_away_and_drives_others_off_only_if_it_says_so() -> None:
    world = World(daemon(), hosts=["a", "b"])
    world.settle()
    become(world, host("a", taints=(GPU,)), host("b", taints=(BROKEN,)))
    world.settle()
    assert places(world) == ["a"]
    assert (status(world).desired_number_scheduled, status(world).number_misscheduled) == (0, 1)
    world.declare(daemon(container("app:2")))
    assert world.settle() == []
    assert "a taint keeps newer pods away" in of(world, "DaemonSet", "log").message
    world.vanish(world.names()[0])
    world.settle()
    assert places(world) == []


@pytest.mark.parametrize(("unavailable", "first"), [(1, 1), (2, 2), ("26%", 2), ("1%", 1), (0, 1)])
def test_an_update_takes_down_as_many_as_may_be_unavailable(unavailable: int | str, first: int) -> None:
    world = Slow(daemon(slow()), hosts=["a", "b", "c", "d"])
    world.settle()
    ready(world)
    world.settle()
    world.declare(daemon(slow("app:2"), update_strategy=daemon_rolling(unavailable)))
    world.settle()
    assert list(images(world).values()).count("app:2") == first
    assert places(world) == ["a", "b", "c", "d"]
    for _ in range(4):
        ready(world)
        world.settle()
    assert set(images(world).values()) == {"app:2"}
    assert of(world, "DaemonSet", "log").phase == "Ready"
    assert world.plan().memory == world.memory


def test_older_pods_that_are_not_available_are_replaced_first() -> None:
    world = Slow(daemon(slow()), hosts=["a", "b", "c"])
    world.settle()
    ready(world)
    [broken] = world.pods()["c"]
    unready(world, broken)
    world.declare(daemon(slow("app:2")))
    world.settle()
    assert [place for place, pods in world.pods().items() if images(world)[pods[0]] == "app:2"] == ["c"]


def test_with_a_surge_a_newer_pod_starts_beside_the_older_one() -> None:
    world = Slow(daemon(slow()), hosts=["a", "b", "c"])
    world.settle()
    ready(world)
    world.settle()
    world.declare(daemon(slow("app:2"), update_strategy=daemon_rolling(0, surge=2)))
    world.settle()
    assert places(world) == ["a", "a", "b", "b", "c"]
    assert status(world).number_available == 3
    for _ in range(3):
        ready(world)
        world.settle()
    assert places(world) == ["a", "b", "c"]
    assert set(images(world).values()) == {"app:2"}


def test_min_ready_seconds_pace_an_update() -> None:
    world = World(daemon(min_ready_seconds=60), hosts=["a", "b"])
    world.settle()
    begun = world.now
    world.declare(daemon(container("app:2"), min_ready_seconds=60))
    world.settle()
    assert world.now >= begun + 120
    assert set(images(world).values()) == {"app:2"}


def test_on_delete_updates_what_somebody_removes() -> None:
    world = World(daemon(update_strategy=DAEMON_ON_DELETE), hosts=["a", "b"])
    world.settle()
    world.declare(daemon(container("app:2"), update_strategy=DAEMON_ON_DELETE))
    assert world.settle() == []
    assert of(world, "DaemonSet", "log").phase == "Ready"
    assert "OnDelete" in of(world, "DaemonSet", "log").message
    world.vanish(world.pods()["a"][0])
    world.settle()
    assert sorted(images(world).values()) == ["app:1", "app:2"]


@pytest.mark.parametrize("forgets", [False, True])
def test_on_delete_a_pod_that_was_half_made_when_the_template_changed_does_not_stay_so(*, forgets: bool) -> None:
    both = (container(), container(name="proxy"))
    world = World(daemon(*both, update_strategy=DAEMON_ON_DELETE), hosts=["a"])
    [first] = world.actions(world.plan())
    begun = [isinstance(step, StartContainer) for step in first[1].steps].index(True)
    world.do(*first, steps=begun if forgets else begun + 1)
    world.declare(daemon(container("app:2"), container("proxy:2", name="proxy"), update_strategy=DAEMON_ON_DELETE))
    if forgets:
        world.memory, world.before = Memory(), None
    world.settle()
    assert of(world, "DaemonSet", "log").phase == "Ready"
    assert (world.names() == [first[1].pod.name]) is not forgets, "what nobody knows any more is made anew"
    assert len(world.names()) == 1


def test_an_unseen_host_keeps_its_pod_and_counts_as_unavailable() -> None:
    world = World(daemon(), hosts=["a", "b"])
    world.settle()
    before = world.lose("a")
    world.now += 10_000
    world.declare(daemon(container("app:2")))
    assert world.settle() == []
    assert "`trimtab host forget NAME`" in of(world, "DaemonSet", "log").message
    world.lose("a", forget=True)
    assert world.settle() == []
    world.observations["a"] = before
    world.settle()
    assert set(images(world).values()) == {"app:2"}


def test_a_host_without_room_is_named() -> None:
    world = World(daemon(container(cpu="3")), hosts=["a", host("b", allocatable={"cpu": "2"})])
    world.settle()
    assert places(world) == ["a"]
    found = of(world, "DaemonSet", "log")
    assert (found.phase, found.reason) == ("Waiting", "Unschedulable")
    assert "cpu short by 1000m on b" in found.message


def test_two_hosts_never_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # Five letters are few: of a thousand hosts two have the same in one of thirty fleets.
    def short(set_name: str, host: str) -> str:
        return f"{set_name}-{host.partition('/')[2][:5] or 'bbbbb'}"

    monkeypatch.setattr("agent.planner.workloads.daemonset.host_pod_name", short)
    world = World(daemon(), hosts=["a", "b", "c"])
    world.settle()
    names = world.names()
    assert len(set(names)) == 3
    become(world, "b", "c")
    world.settle()
    assert set(world.names()) <= set(names), "who is there keeps his name"


def test_the_status_is_as_kubernetes_has_it() -> None:
    world = Slow(daemon(slow()), hosts=["a", "b", "c"])
    world.settle()
    ready(world)
    world.settle()
    world.declare(daemon(slow("app:2")))
    world.settle()
    assert status(world) == DaemonSetStatus(
        desired_number_scheduled=3,
        current_number_scheduled=3,
        number_ready=2,
        number_available=2,
        number_unavailable=1,
        updated_number_scheduled=1,
    )
