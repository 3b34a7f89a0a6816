"""Priorities: who comes first, and who has to make room."""

import pytest

from agent.model.objects import Host, Pod
from agent.model.objects.fleet import AnyObject
from agent.planner.fleet import plan_fleet
from tests.planner.disruption.build import budget, priority
from tests.planner.fleet.build import World, container, deployment, host, pod, slots

HIGH, LOW = priority("high", 1000), priority("low", -5)


def one(name: str, cpu: str = "3", of: str | None = None) -> Pod:
    return pod(name, container(cpu=cpu), priority_class_name=of)


def full(*objects: AnyObject, hosts: tuple[Host | str, ...] = ("a", "b")) -> World:
    world = World(*objects, HIGH, LOW, hosts=hosts)
    world.settle()
    return world


def test_of_pods_that_want_the_same_room_the_first_by_priority_gets_it() -> None:
    world = full(one("aaa"), one("zzz", of="high"), hosts=("a",))
    assert world.names() == ["zzz"]
    assert world.messages() == ["no host fits aaa: cpu short by 2000m on a"]


def test_a_pod_that_fits_nowhere_pushes_a_lower_one_out() -> None:
    world = full(one("first"), one("second", cpu="2", of="low"))
    world.declare(one("first"), one("second", cpu="2", of="low"), one("urgent", of="high"), HIGH, LOW)
    plan = world.plan()
    [leaving] = plan.desired["b"].leaving
    assert (leaving.key.name, leaving.reason) == ("second", "preempted")
    assert leaving.cause.summary == "makes room for default/urgent of priority 1000"  # type: ignore[union-attr]  # a commit's
    assert "urgent waits for second to make room on b" in world.messages()
    assert [[step[1:] for step in steps] for steps in world.settle()] == [
        [("remove", "second")],
        [("create", "urgent")],
    ]
    assert world.pods() == {"a": ["first"], "b": ["urgent"]}
    assert world.messages() == ["no host fits second: cpu short by 1000m on a, b"]
    assert plan_fleet(world.given).memory is world.memory


def test_the_pushed_out_pod_goes_where_there_is_room() -> None:
    world = full(one("first", cpu="1", of="low"), one("other", cpu="2"))
    assert world.pods() == {"a": ["other"], "b": ["first"]}
    world.declare(*world.objects, one("urgent", cpu="4", of="high"))
    world.settle()
    assert world.pods() == {"a": ["first", "other"], "b": ["urgent"]}


def test_a_pod_may_not_push_out_its_equals_nor_when_its_class_forbids() -> None:
    polite = priority("polite", 1000, never=True)
    world = full(one("first"), hosts=("a",))
    world.declare(one("first"), one("second"), one("third", of="polite"), polite)
    assert world.settle() == []
    assert world.names() == ["first"]


def test_a_lower_pod_somewhere_is_no_reason_to_push_out_an_equal_one() -> None:
    world = full(one("first", of="high"), one("wall", of="high"), one("tiny", cpu="1", of="low"))
    world.declare(*world.objects, one("urgent", of="high"))
    assert world.settle() == []
    assert "urgent" not in world.names()


def test_no_more_go_than_need_to_and_the_most_important_stay() -> None:
    world = full(*(one(f"low{number}", cpu="1", of="low") for number in range(2)), one("mid", cpu="1"), hosts=("a",))
    world.declare(*world.objects, one("urgent", cpu="2", of="high"))
    world.settle()
    assert world.names() == ["low0", "mid", "urgent"]


@pytest.mark.parametrize(
    ("on_a", "on_b", "goes"),
    [
        ([("x", "low")], [("y", None)], "x"),
        ([("x", None)], [("y", "low")], "y"),
        ([("x", "low")], [("y", "low")], "x"),
        ([("w", "low"), ("x", "low")], [("y", "low")], "y"),
    ],
)
def test_where_the_least_harm_is_done(
    on_a: list[tuple[str, str | None]], on_b: list[tuple[str, str | None]], goes: str
) -> None:
    def all_on(name: str, pods: list[tuple[str, str | None]]) -> list[Pod]:
        cpu = str(4 // len(pods))
        return [
            pod(key, container(cpu=cpu), priority_class_name=of, node_selector={"kubernetes.io/hostname": name})
            for key, of in pods
        ]

    world = full(*all_on("a", on_a), *all_on("b", on_b))
    world.declare(*world.objects, one("urgent", cpu="4", of="high"))
    gone = [key.key.name for desired in world.plan().desired.values() for key in desired.leaving]
    assert gone == [goes]


def test_a_budget_is_broken_only_where_there_is_no_other_way() -> None:
    guarded = one("guarded", of="low")
    world = full(guarded, one("other", of="low"), budget("guarded", least=1))
    world.declare(*world.objects, one("urgent", of="high"))
    world.settle()
    assert world.names() == ["guarded", "urgent"]
    world.declare(*world.objects, one("second", of="high"))
    world.settle()
    assert world.names() == ["second", "urgent"]


def test_pods_of_a_deployment_make_room_and_wait() -> None:
    web = deployment(4, container(cpu="2"))
    world = full(web)
    world.declare(web, deployment(1, container(cpu="4"), name="db", pod={"priority_class_name": "high"}), HIGH)
    world.settle()
    assert [name for name in slots(world.names()) if name.startswith("db")] == ["db-0"]
    assert len(world.names()) == 3
    world.declare(web)
    world.settle()
    assert len(world.names()) == 4
    assert world.status().phase == "Ready"


def test_the_default_class_is_for_pods_that_name_none() -> None:
    world = full(one("named", of="low"), hosts=("a",))
    world.declare(one("named", of="low"), one("other"), priority("usual", 10, default=True), LOW)
    world.settle()
    assert world.names() == ["other"]


def test_built_in_classes_and_unknown_ones() -> None:
    world = full(one("system", of="system-node-critical"), one("other", of="high"), one("lost", of="x"), hosts=("a",))
    assert world.names() == ["system"]
    assert "no host fits lost: no PriorityClass with name x was found" in world.messages()


def test_what_nobody_can_change_by_leaving_pushes_nobody_out() -> None:
    world = full(one("low", of="low"), hosts=(host("a", labels={"disk": "hdd"}),))
    urgent = pod("urgent", container(cpu="3"), priority_class_name="high", node_selector={"disk": "ssd"})
    world.declare(*world.objects, urgent, one("huge", cpu="9", of="high"))
    assert world.settle() == []
