"""Data outlives pods, hosts' absence, lost memory and removed claims; it goes only after the time of grace."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.memory import Memory
from agent.model.objects.host import Taint
from tests.planner.fleet.build import World, deployment, host, pod
from tests.planner.storage.build import claim, local_class, said, scratch, user, volume, volumes_on

WEEK = 7 * 86_400.0


def made(*more: object, **fields: object) -> World:
    """Return a world in which a pod has its claim's volume."""
    world = World(claim(), local_class(**fields), user(), *more)  # type: ignore[arg-type]  # objects
    world.settle()
    return world


def test_a_volume_is_made_where_its_first_pod_goes_and_holds_all_others_there() -> None:
    world = made()
    assert volumes_on(world) == {"a": ["data"], "b": [], "c": []}
    reason, message = said(world)
    assert (reason, message.endswith(" on a")) == ("Bound", True)
    world.declare(
        claim(), local_class(), user(), user("second"), user("third", node_selector={"kubernetes.io/hostname": "b"})
    )
    world.settle()
    assert world.pods()["a"] == ["db", "second"]
    assert "volume of claim data is on a on b" in world.messages()[0]
    assert volumes_on(world) == {"a": ["data"], "b": [], "c": []}


def test_nothing_is_made_for_a_claim_that_nobody_uses_yet() -> None:
    world = World(claim(), local_class())
    assert world.settle() == []
    assert said(world) == ("Pending", "waiting for first consumer to be created before binding")
    at_once = World(claim(), local_class(volume_binding_mode="Immediate"))
    at_once.settle()
    assert volumes_on(at_once) == {"a": ["data"], "b": [], "c": []}


def test_a_removed_claim_comes_back_with_its_data() -> None:
    world = made()
    record = world.memory.claims["default/data"]
    world.declare(local_class())
    world.settle()
    assert said(world)[0] == "Released"
    assert "kept until 1970-01-08" in said(world)[1]
    assert volumes_on(world)["a"] == ["data"]
    world.now += WEEK - 60
    world.declare(local_class(), claim(), user(node_selector={"kubernetes.io/os": "linux"}))
    assert [step[1:] for steps in world.settle() for step in steps] == [("create", "db")]
    assert world.host_of("db") == "a"
    assert world.memory.claims["default/data"] == record


@pytest.mark.parametrize(
    ("fields", "after", "left"),
    [
        ({}, WEEK - 10, ["data"]),
        ({}, WEEK + 10, []),
        ({"parameters": {"retentionAfterRemoval": "1m"}}, 50, ["data"]),
        ({"parameters": {"retentionAfterRemoval": "1m"}}, 70, []),
        ({"reclaim_policy": "Retain"}, 99 * WEEK, ["data"]),
    ],
)
def test_data_goes_after_the_time_of_grace(fields: dict[str, Any], after: float, left: list[str]) -> None:
    world = made(**fields)
    world.declare(local_class(**fields))
    world.settle()
    removed = world.memory.claims["default/data"].removed_at
    wakes = world.plan().due_at
    world.now = removed + after
    world.settle()
    assert volumes_on(world)["a"] == left
    assert ("default/data" in world.memory.claims) is bool(left)
    assert wakes is None if fields.get("reclaim_policy") else wakes is not None


def test_data_stays_while_a_pod_uses_it_and_while_its_host_is_away() -> None:
    world = made()
    world.declare(local_class(), user())
    world.now += 2 * WEEK
    world.settle()
    assert world.host_of("db") == "a"
    world.declare(local_class())
    back = world.lose("a")
    world.plan()
    world.now += 2 * WEEK
    assert all(not desired.released for desired in world.plan().desired.values())
    world.observations["a"] = back
    world.settle()
    assert (volumes_on(world)["a"], world.names()) == (["data"], [])
    world.now += WEEK
    world.settle()
    assert volumes_on(world)["a"] == []


def test_a_class_that_is_gone_deletes_nothing_that_it_did_not_say_before() -> None:
    world = made(reclaim_policy="Retain")
    world.declare()
    world.settle()
    world.memory = Memory()
    world.settle()
    world.now += 99 * WEEK
    world.settle()
    assert volumes_on(world)["a"] == ["data"]


def test_lost_memory_is_learned_again_from_marks() -> None:
    world = made()
    record = world.memory.claims["default/data"]
    world.memory = Memory()
    assert world.settle() == []
    assert world.memory.claims == {"default/data": record}
    world.declare(local_class())
    world.settle()
    world.memory = Memory()
    world.settle()
    world.declare(local_class(), claim(), user("other"))
    world.settle()
    assert (world.host_of("other"), volumes_on(world)) == ("a", {"a": ["data"], "b": [], "c": []})


def test_lost_memory_makes_nothing_anew_while_a_host_was_not_looked_at() -> None:
    world = made()
    world.declare(claim(), local_class())
    world.settle()
    before = world.lose("a", forget=True)
    world.memory = Memory()
    world.declare(claim(), local_class(), user())
    assert world.settle() == []
    assert "its data may be on a, which nobody has looked at yet" in world.messages()[0]
    world.observations["a"] = before
    world.settle()
    assert world.host_of("db") == "a"


def test_a_host_that_joins_and_does_not_answer_holds_nothing_up() -> None:
    world = World(local_class())
    world.settle()
    world.hosts.append(host("d"))
    world.observations["d"] = world.observations["a"]
    world.lose("d", forget=True)
    world.declare(local_class(), claim(), user())
    world.settle()
    assert world.host_of("db") == "a"


def test_data_that_is_missing_is_not_replaced_by_an_empty_folder() -> None:
    world = made()
    seen = world.seen("a")
    [volume_seen] = seen.volumes
    world.observations["a"] = replace(seen, volumes=(replace(volume_seen, present=False),))
    plan = world.plan()
    [wanted] = plan.desired["a"].pods
    assert not wanted.claims["data"].provisioned
    assert world.actions(plan) == []
    world.observations["a"] = replace(seen, volumes=())
    [(_, action)] = world.actions(world.plan())
    assert [step.marks_only for step in action.steps if hasattr(step, "marks_only")] == [True]


def test_ephemeral_volumes_come_and_go_with_their_pods() -> None:
    world = World(deployment(2, pod={"volumes": (scratch(),)}), local_class())
    world.settle()
    names = sorted(name for found in volumes_on(world).values() for name in found)
    assert names == [f"{name}-scratch" for name in world.names()]
    world.declare(deployment(1, pod={"volumes": (scratch(),)}), local_class())
    world.settle()
    assert sorted(name for found in volumes_on(world).values() for name in found) == names[:1]
    world.declare(local_class())
    world.settle()
    assert sorted(name for found in volumes_on(world).values() for name in found) == []


def test_a_claim_for_one_pod_only() -> None:
    world = World(claim(mode="ReadWriteOncePod"), local_class(), user("one"), user("two"))
    world.settle()
    assert world.names() == ["one"]
    assert "claim data is for one pod only, and one has it on a" in world.messages()[0]


def test_a_pod_for_which_the_claim_is_only_starts_when_the_other_has_let_go() -> None:
    world = World(claim(mode="ReadWriteOncePod"), local_class(), user("one"))
    world.settle()
    world.declare(claim(mode="ReadWriteOncePod"), local_class(), user("two"))
    world.act(lambda found: [one for one in found if one[1].verb == "create"])
    assert world.names() == ["one"]
    assert any("two waits for default/one to let go of its claim" in message for message in world.messages())
    world.settle()
    assert world.names() == ["two"]


def test_a_declared_folder_that_one_host_may_use_is_used_on_one_host() -> None:
    world = World(
        claim(storage_class=""), volume("disk"), user("one", node_selector={"kubernetes.io/hostname": "b"}), user("two")
    )
    world.settle()
    assert world.pods()["b"] == ["one", "two"]
    world.declare(claim(storage_class=""), volume("disk"))
    world.settle()
    assert said(world, "disk", "PersistentVolume") == ("Bound", "bound to claim default/data")
    world.declare(claim(storage_class=""), volume("disk"), user("three", node_selector={"kubernetes.io/hostname": "c"}))
    world.settle()
    assert world.pods()["c"] == ["three"]
    world.declare(volume("disk"), claim("other", ""))
    world.settle()
    assert said(world, "disk", "PersistentVolume")[0] == "Released"
    assert said(world, "other")[0] == "Pending"


def test_a_volume_that_nobody_declares_any_more_is_lost() -> None:
    world = World(claim(storage_class=""), volume("disk"), user())
    world.settle()
    world.declare(claim(storage_class=""), user())
    world.settle()
    assert said(world)[0] == "Lost"
    assert world.names() == ["db"]


def test_a_bare_pod_stays_with_its_volume_on_a_host_that_takes_no_others() -> None:
    world = made()
    world.hosts = [host("a", taints=(Taint(key="x", effect="NoSchedule"),)), host("b"), host("c")]
    world.declare(claim(), local_class(), user(), pod("else"))
    world.settle()
    assert (world.host_of("db"), world.host_of("else")) == ("a", "b")
