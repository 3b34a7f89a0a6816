"""Which volume a claim gets: a table of claims and volumes, and what is said about it."""

from typing import Any

import pytest

from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.selector import LabelSelector
from agent.model.objects.storage import ClaimRef, PersistentVolume, StorageClass
from tests.planner.fleet.build import World, host, pod
from tests.planner.storage.build import claim, local_class, said, scratch, user, volume, volumes_on


def bound(world: World, name: str = "data") -> str:
    world.settle()
    record = world.memory.claims.get(f"default/{name}")
    return record.volume if record else ""


@pytest.mark.parametrize(
    ("asked", "volumes", "expected"),
    [
        (claim(storage_class=""), [volume("big", "10Gi"), volume("small", "2Gi"), volume("tiny", "1Mi")], "small"),
        (claim(storage_class=""), [volume("b"), volume("a")], "a"),
        (claim(storage_class=""), [volume("other", storage_class="fast")], ""),
        (claim(storage_class="fast"), [volume("plain"), volume("other", storage_class="fast")], "other"),
        (claim(storage_class="", mode="ReadWriteMany"), [volume("once")], ""),
        (claim(storage_class="", volume_name="b"), [volume("a"), volume("b")], "b"),
        (claim(storage_class="", volume_name="b"), [volume("a")], ""),
        (claim(storage_class="", selector=LabelSelector(match_labels={"tier": "ssd"})), [volume("a")], ""),
        (
            claim(storage_class="", selector=LabelSelector(match_labels={"tier": "ssd"})),
            [volume("a"), volume("b", "5Gi", labels={"tier": "ssd"})],
            "b",
        ),
        (claim(storage_class=""), [volume("a", claim_ref=ClaimRef(name="theirs"))], ""),
        (claim(storage_class=""), [volume("a"), volume("mine", "9Gi", claim_ref=ClaimRef(name="data"))], "mine"),
        (claim(storage_class=""), [volume("a", claim_ref=ClaimRef(name="data", namespace="other"))], ""),
    ],
)
def test_the_smallest_volume_that_fits(
    asked: PersistentVolumeClaim, volumes: list[PersistentVolume], expected: str
) -> None:
    assert bound(World(asked, *volumes)) == expected


def test_the_default_class_is_for_claims_that_name_none() -> None:
    world = World(claim(storage_class=None), local_class(default=True), volume("a"), user())
    assert bound(world).startswith("pvc-")
    assert bound(World(claim(storage_class=None), local_class(), volume("a"), user())) == "a"


def test_a_volume_that_waits_for_no_pod_is_made_where_pods_may_come() -> None:
    world = World(claim(), local_class(volume_binding_mode="Immediate"), hosts=[host("a", drain=True), "b"])
    world.settle()
    assert volumes_on(world) == {"a": [], "b": ["data"]}


def test_a_volume_is_for_one_claim_only() -> None:
    world = World(claim("one", ""), claim("two", ""), volume("a"))
    assert [bound(world, name) for name in ("one", "two")] == ["a", ""]
    assert said(world, "two") == (
        "Pending",
        "no persistent volumes available for this claim and no storage class is set",
    )


@pytest.mark.parametrize(
    ("asked", "classes", "why"),
    [
        (claim(storage_class="nope"), [], 'storageclass "nope" not found'),
        (claim(mode="ReadWriteMany"), [local_class()], "folders of one host"),
        (claim(volume_name="x"), [local_class()], 'volume "x" is not there'),
        (claim(), [local_class(parameters={"root": "/a b"})], "parameters.root must be a plain absolute path"),
        (claim(), [local_class(parameters={"root": "/data/../etc"})], "parameters.root must be a plain absolute path"),
    ],
)
def test_a_pod_waits_for_its_claim_and_says_why(
    asked: PersistentVolumeClaim, classes: list[StorageClass], why: str
) -> None:
    world = World(asked, user(), *classes)
    assert world.act() == []
    assert 'persistentvolumeclaim "data" not bound: ' in world.messages()[0]
    assert why in world.messages()[0]
    assert said(world)[0] == "Pending"


def test_a_claim_that_is_not_there() -> None:
    assert 'persistentvolumeclaim "data" not found' in World(user()).messages()[0]


def test_a_claim_of_the_same_name_as_an_ephemeral_volumes() -> None:
    world = World(claim("one-scratch"), local_class(), pod("one", volumes=(scratch(),)))
    assert 'persistentvolumeclaim "one-scratch" was not created for pod one' in world.messages()[0]


def test_local_volumes_bind_where_the_pod_can_be() -> None:
    fields: dict[str, Any] = {"storage_class": "disks"}
    disks = StorageClass(
        metadata=local_class("disks").metadata,
        provisioner="kubernetes.io/no-provisioner",
        volume_binding_mode="WaitForFirstConsumer",
    )
    volumes = [volume("on-a", "1Gi", host="a", **fields), volume("on-b", "2Gi", host="b", **fields)]
    world = World(claim(storage_class="disks"), disks, *volumes, user(node_selector={"kubernetes.io/hostname": "b"}))
    assert bound(world) == "on-b"
    assert world.host_of("db") == "b"
    alone = World(claim(storage_class="disks"), disks, *volumes)
    assert bound(alone) == ""
    assert said(alone) == ("Pending", "waiting for first consumer to be created before binding")
    nowhere = World(claim(storage_class="disks"), disks, *volumes, user(node_selector={"kubernetes.io/hostname": "c"}))
    nowhere.settle()
    assert "no volume for claim data can be reached on c" in nowhere.messages()[0]


def test_two_claims_of_a_pod_get_volumes_of_one_host() -> None:
    volumes = [
        volume("a1", host="a", storage_class="disks"),
        volume("b1", host="b", storage_class="disks"),
        volume("b2", "3Gi", host="b", storage_class="disks"),
    ]
    disks = local_class("disks")
    disks = StorageClass(
        metadata=disks.metadata,
        provisioner="kubernetes.io/no-provisioner",
        volume_binding_mode="WaitForFirstConsumer",
    )
    world = World(claim("x", "disks"), claim("y", "disks"), disks, *volumes, user("db", "x", "y"))
    assert (bound(world, "x"), bound(world, "y")) == ("b1", "b2")
    assert world.host_of("db") == "b"
