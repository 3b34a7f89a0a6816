"""A host unseen for longer than its pods bear: others take the place of what may be had twice, and give it back."""

from typing import Any

import pytest

from agent.model.labels import OUT_OF_SERVICE, UNREACHABLE
from agent.model.memory import Memory
from agent.model.objects.host import Taint
from agent.model.objects.pod import Affinity, PodAffinity, Toleration
from agent.model.objects.pod.scheduling import PodTerm
from agent.model.objects.selector import LabelSelector
from tests.planner.fleet.build import RECREATE, World, container, deployment, host, pod, rolling, slots


def elsewhere(world: World, lost: str = "a") -> list[str]:
    return slots(name for place, found in world.pods().items() if place != lost for name in found if "-" in name)


def pass_time(world: World, seconds: float) -> None:
    """Let time pass, as the agent lives through it: it plans first, and knows then since when a host is unseen."""
    world.plan()
    world.now += seconds
    world.settle()


def spread(replicas: int = 3, image: str = "app:1", **fields: Any) -> Any:  # noqa: ANN401 -- as `deployment`
    return deployment(replicas, container(image), **fields)


def test_pods_are_borne_for_300_seconds_then_others_take_their_place() -> None:
    world = World(spread(), pod("one", node_name="a"))
    world.settle()
    world.lose("a")
    assert world.plan().due_at == world.now + 300
    pass_time(world, 299)
    assert elsewhere(world) == ["web-0", "web-1"]
    pass_time(world, 1)
    assert elsewhere(world) == ["web-0", "web-1", "web-3"], "a name that may still run is nobody else's"
    assert world.status().phase == "Ready"
    assert world.plan().due_at is None
    assert world.status("one", "Pod").reason == "HostUnseen", "of a Pod there are never two"


def test_surge_room_is_no_matter() -> None:
    world = World(spread(3, strategy=rolling(0, 1)))
    world.settle()
    world.lose("a")
    pass_time(world, 300)
    assert len(elsewhere(world)) == 3


def test_when_the_host_is_back_the_surplus_goes_and_the_plan_is_empty() -> None:
    world = World(spread())
    world.settle()
    before = world.lose("a")
    pass_time(world, 300)
    world.observations["a"] = before
    [leaving] = [one for desired in world.plan().desired.values() for one in desired.leaving]
    assert (slots([leaving.key.name]), leaving.reason) == (["web-3"], "surplus")
    world.settle()
    assert slots(world.names()) == ["web-0", "web-1", "web-2"], "the oldest placement wins"
    assert world.actions(world.plan()) == []
    assert (world.memory.lost, world.memory.leaving, world.memory.tainted) == ({}, {}, {})
    assert world.plan().memory is world.memory


def test_a_pod_that_does_not_run_goes_rather_than_one_that_does() -> None:
    world = World(spread())
    world.settle()
    before = world.lose("a")
    pass_time(world, 300)
    world.observations["a"] = before
    world.kill(next(name for name in world.names() if name.endswith("-1")))
    world.settle()
    assert slots(world.names()) == ["web-0", "web-2", "web-3"]


@pytest.mark.parametrize("forget", [False, True])
def test_a_restart_of_the_agent_makes_no_difference(forget: bool) -> None:
    world = World(spread())
    world.settle()
    before = world.lose("a")
    pass_time(world, 300)
    names = elsewhere(world)
    world.lose("a", forget=True)
    if forget:
        world.memory = Memory()
    world.now += 10
    assert world.settle() == []
    assert elsewhere(world) == names
    world.observations["a"] = before
    world.settle()
    assert len(world.names()) == 3
    assert world.actions(world.plan()) == []


def test_an_agent_that_was_down_meanwhile_knows_since_when_the_host_is_unseen() -> None:
    world = World(spread())
    world.settle()
    world.lose("a")
    world.plan()
    world.now += 1000
    world.lose("a", forget=True)  # unseen since now, as far as the new process can tell
    world.settle()
    assert elsewhere(world) == ["web-1", "web-2", "web-3"]


def test_a_host_that_was_seen_last_is_given_its_time_although_the_agent_was_down() -> None:
    world = World(spread())
    world.settle()
    world.now += 1000
    world.lose("a", forget=True)
    assert world.settle() == []


def test_a_host_that_leaves_the_source_takes_its_pods_with_it_at_once() -> None:
    world = World(spread(), pod("one"))
    world.settle()
    assert world.host_of("one") == "a"
    world.lose("a")
    world.hosts = [one for one in world.hosts if one.metadata.name != "a"]
    world.declare(*world.objects)
    del world.observations["a"]
    world.settle()
    assert len(world.names()) == 4
    assert world.status("one", "Pod").phase == world.status().phase == "Ready"


@pytest.mark.parametrize("seen", [False, True])
def test_out_of_service_means_that_nothing_runs_there_any_more(seen: bool) -> None:
    world = World(spread(), pod("one"))
    world.settle()
    before = world.lose("a")
    taint = Taint(key=OUT_OF_SERVICE, value="nodeshutdown", effect="NoExecute")
    world.hosts = [host("a", taints=(taint,)) if one.metadata.name == "a" else one for one in world.hosts]
    if seen:
        world.observations["a"] = before
    world.declare(*world.objects)
    world.settle()
    assert (len(elsewhere(world)), world.status().phase) == (3, "Ready")
    assert world.host_of("one") != "a" or not seen, "also what there must not be two of"
    assert world.status("one", "Pod").phase == "Ready"


def test_a_taint_that_only_keeps_new_pods_away_is_as_good_a_word_that_a_host_is_out_of_service() -> None:
    world = World(spread(), pod("one"))
    world.settle()
    world.lose("a")
    world.hosts[0] = host("a", taints=(Taint(key=OUT_OF_SERVICE, effect="NoSchedule"),))
    world.declare(*world.objects)
    world.settle()
    assert (len(elsewhere(world)), world.status().phase) == (3, "Ready")
    assert world.status("one", "Pod").phase == "Ready"


def test_a_clock_that_is_set_back_lets_nobody_wait_longer_than_they_bear() -> None:
    world = World(spread())
    world.settle()
    world.now = 1e6
    world.lose("a")
    world.plan()
    world.now = 2000.0
    assert world.plan().due_at == 2300.0
    world.now = 2300.0
    world.settle()
    assert (len(elsewhere(world)), world.status().phase) == (3, "Ready")


def test_a_clock_that_is_set_back_gives_nothing_back_that_was_given_up() -> None:
    world = World(spread())
    world.settle()
    world.lose("a")
    pass_time(world, 300)
    given_up, pods = world.memory.lost, elsewhere(world)
    world.now -= 200
    world.settle()
    assert (world.memory.lost, elsewhere(world)) == (given_up, pods)
    assert world.plan().desired["a"].leaving == ()


@pytest.mark.parametrize(
    ("seconds", "operator", "after"), [(0, "Exists", 0.0), (20, "Exists", 20.0), (-5, "Exists", 0.0)]
)
def test_a_toleration_says_how_long(seconds: int, operator: Any, after: float) -> None:  # noqa: ANN401 -- a Literal
    bears = Toleration(key=UNREACHABLE, operator=operator, effect="NoExecute", toleration_seconds=seconds)
    world = World(spread(pod={"tolerations": (bears,)}))
    world.settle()
    world.lose("a")
    if after:
        pass_time(world, after - 1)
        assert len(elsewhere(world)) == 2
    pass_time(world, 1)
    assert len(elsewhere(world)) == 3


def test_a_toleration_without_seconds_is_for_ever() -> None:
    world = World(spread(pod={"tolerations": (Toleration(operator="Exists"),)}))
    world.settle()
    world.lose("a")
    assert world.plan().due_at is None
    pass_time(world, 1e6)
    assert len(elsewhere(world)) == 2


def test_a_rollout_goes_on_without_a_lost_host_and_takes_its_old_pods_when_it_is_back() -> None:
    world = World(spread(3, strategy=rolling(1, 0)))
    world.settle()
    before = world.lose("a")
    pass_time(world, 300)
    world.declare(spread(3, "app:2", strategy=rolling(1, 0)))
    world.settle()
    new = {name for place in "bc" for name in world.pods()[place]}
    assert (len(new), world.status().phase) == (3, "Ready")
    world.observations["a"] = before
    world.settle()
    assert {*world.names()} == new
    assert world.actions(world.plan()) == []


def test_an_old_pod_that_is_lost_in_the_midst_of_a_rollout_is_made_again_of_its_own_template() -> None:
    """The new template does not come up: the old one has to hold what is to be available."""
    world = World(spread(3, strategy=rolling(1, 0)))
    world.settle()
    old = world.names()[0].rsplit("-", 1)[0]
    world.declare(spread(3, "broken", strategy=rolling(1, 0)))
    [[(_, _, new)]] = [world.act()]
    world.kill(new)
    lost = next(place for place in "abc" if new not in world.pods()[place])
    before = world.lose(lost)
    world.plan()
    world.now += 300
    while steps := [one for one in world.act(lambda found: [one for one in found if one[1].verb == "create"]) if one]:
        assert all(name.startswith(old) for _, verb, name in steps)
    assert sum(name.startswith(old) for name in elsewhere(world, lost)) == 0
    running = [name for place in "abc" if place != lost for name in world.pods()[place] if name.startswith(old)]
    assert len(running) == 3
    assert world.status().available == 3
    world.observations[lost] = before
    assert sum(len(desired.leaving) for desired in world.plan().desired.values()) == 1


def test_a_rollout_that_meets_a_host_that_is_lost_in_the_midst_ends() -> None:
    world = World(spread(6, strategy=rolling(1, 0)))
    world.settle()
    world.declare(spread(6, "app:2", strategy=rolling(1, 0)))
    for _ in range(3):
        world.act()
    before = world.lose("b")
    world.settle()
    pass_time(world, 300)
    assert (len(elsewhere(world, "b")), world.status().phase) == (6, "Ready")
    world.observations["b"] = before
    world.settle()
    assert (len(world.names()), world.actions(world.plan())) == (6, [])


def test_recreate_waits_for_old_pods_until_they_are_lost() -> None:
    world = World(spread(2, strategy=RECREATE), hosts=["a", "b"])
    world.settle()
    world.lose("a")
    world.declare(spread(2, "app:2", strategy=RECREATE))
    world.settle()
    assert elsewhere(world) == []
    pass_time(world, 300)
    assert len(elsewhere(world)) == 2


def test_a_pod_that_was_told_to_go_before_its_host_was_lost_goes_when_it_is_back() -> None:
    world = World(spread(3))
    world.settle()
    world.declare(spread(0))
    world.plan()
    before = world.lose("a")
    pass_time(world, 300)
    world.declare(spread(3))
    pass_time(world, 10)
    assert len(elsewhere(world)) == 3
    world.observations["a"] = before
    world.settle()
    assert (len(world.names()), world.actions(world.plan())) == (3, [])


def test_a_pod_that_may_have_been_made_just_before_its_host_was_cut_off_is_made_elsewhere_in_time() -> None:
    world = World(spread(2), hosts=["a", "b"])
    world.plan()
    world.lose("a")
    world.settle()
    assert len(elsewhere(world)) == 1
    pass_time(world, 300)
    assert elsewhere(world) == ["web-1", "web-2"]


def test_pods_that_wait_for_a_host_come_up_when_another_one_is_lost_and_none_is_left() -> None:
    """No other host fits: they wait, and say so; the host that is back has them still."""
    apart = Affinity(
        pod_anti_affinity=PodAffinity(
            required_during_scheduling_ignored_during_execution=(
                PodTerm(
                    topology_key="kubernetes.io/hostname", label_selector=LabelSelector(match_labels={"app": "web"})
                ),
            )
        )
    )
    world = World(spread(3, pod={"affinity": apart}))
    world.settle()
    names, before = world.names(), world.lose("a")
    pass_time(world, 300)
    assert world.status().reason == "Unschedulable"
    world.observations["a"] = before
    world.settle()
    assert (world.names(), world.status().phase) == (names, "Ready")
