"""A host that is short of something: when it counts as such, and which pod goes for it."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from agent.model.desired import HostDesired
from agent.model.objects.pod import EmptyDirVolume, ResourceRequirements, Volume
from agent.model.observation import Seen
from agent.model.strain import CALM, Shortage, Strain
from agent.model.usage import ContainerUsage, Filesystem, Usage
from agent.planner.upkeep import Policy, UpkeepInput, UpkeepPlan, plan_upkeep
from agent.planner.upkeep.thresholds import crossed
from tests.planner.host.build import NOW, container, converge, desired, pod
from tests.planner.upkeep.test_upkeep import OLD, image, removed

MIB = 1 << 20
LATER = NOW + 1000.0
PRIORITIES = {"": 0, "high": 1000, "system-node-critical": 2_000_001_000}


def disk(free: int, *, inodes_free: int = 50) -> Filesystem:
    return Filesystem(
        path="/var", size_bytes=1000, used_bytes=900, available_bytes=free, inodes=100, inodes_used=100 - inodes_free
    )


def usage(*, memory: int = 4096, pods: Filesystem | None = None, images: Filesystem | None = None) -> Usage:
    return Usage(at=LATER, memory_bytes=(8192 - memory) * MIB, memory_available=memory * MIB, pods=pods, images=images)


@pytest.mark.parametrize(
    ("measured", "written", "found"),
    [
        (usage(memory=100), {}, []),
        (usage(memory=99), {}, ["memory.available is 99Mi, less than 100Mi"]),
        (usage(memory=99), {"memory.available": "50Mi"}, []),
        (usage(memory=99), {"memory.available": 0}, []),
        (usage(memory=500), {"memory.available": "10%"}, ["memory.available is 500Mi, less than 820Mi"]),
        (usage(pods=disk(100), images=disk(150)), {}, []),
        (usage(pods=disk(99)), {}, ["nodefs.available is 99, less than 100"]),
        (usage(images=disk(149)), {}, ["imagefs.available is 149, less than 150"]),
        (usage(images=disk(149)), {"imagefs.available": "5%"}, []),
        (usage(pods=disk(500, inodes_free=4)), {}, ["nodefs.inodesFree is 4, less than 5"]),
        (Usage(at=LATER), {}, []),
    ],
)
def test_thresholds_are_kubernetes_own_unless_said_otherwise(
    measured: Usage, written: Mapping[str, str | int | float], found: list[str]
) -> None:
    assert [sentence for _, sentence in crossed(measured, written)] == found


def declared() -> HostDesired:
    """Four pods: one far above its request, two that ask for nothing or little, one that is critical."""
    asks = ResourceRequirements(requests={"memory": "100Mi", "ephemeral-storage": "100Mi"})
    scratch = (Volume(name="scratch", empty_dir=EmptyDirVolume()),)
    return replace(
        desired(
            pod("above", container(resources=asks), volumes=scratch),
            pod("critical", priority_class_name="system-node-critical"),
            pod("free"),
            pod("high", priority_class_name="high"),
        ),
        priorities=PRIORITIES,
    )


def measured(wanted: HostDesired, seen: Seen, used: Mapping[str, int], **more: object) -> UpkeepPlan:
    """Return the plan for a host without memory where pods use so many MiB each."""
    return plan_upkeep(asked(wanted, seen, used, **more))


def asked(wanted: HostDesired, seen: Seen, used: Mapping[str, int], **more: object) -> UpkeepInput:
    names = {one.id: one.config.labels["io.kubernetes.pod.name"] for one in seen.containers}
    containers = {
        name: ContainerUsage(memory_bytes=used.get(which, 0) * MIB, writable_bytes=used.get(which, 0) * MIB)
        for name, which in names.items()
    }
    return UpkeepInput(
        desired=wanted,
        seen=seen,
        usage=replace(usage(memory=50), containers=containers, **more),
        last_used={},
        now=LATER,
    )


def names(strain: Strain, seen: Seen) -> list[str]:
    """Return the pods that are to go, by name."""
    named = {one.id: one.config.name for one in seen.sandboxes}
    return [named[one.sandbox] for one in strain.victims]


@pytest.mark.parametrize(
    ("used", "victim"),
    [
        ({"above": 110, "free": 5, "high": 500, "critical": 900}, "above"),
        ({"above": 103, "free": 5, "high": 500, "critical": 900}, "free"),
        ({"above": 99, "high": 500, "critical": 900}, "high"),
        ({"above": 99, "critical": 900}, "above"),
        ({"critical": 900}, ""),
    ],
)
def test_who_goes_is_ranked_by_what_is_used_above_requests_then_priority(used: dict[str, int], victim: str) -> None:
    wanted = declared()
    seen = converge(wanted)
    strain = measured(wanted, seen, used).strain
    assert strain.shortages == ("MemoryPressure",)
    assert names(strain, seen) == ([victim] if victim else [])


def test_a_disk_is_freed_of_images_before_a_pod_goes() -> None:
    wanted = declared()
    seen = converge(wanted)
    full = {"memory_available": 4096 * MIB, "images": disk(100), "pulled": (OLD,)}
    spare = replace(seen, images=(*seen.images, image(OLD, 99)))
    first = measured(wanted, spare, {"free": 5}, **full)
    assert removed(first) == [OLD], "however new: it is not used by anybody"
    assert (first.strain.shortages, first.strain.victims) == (("DiskPressure",), ())
    second = measured(wanted, seen, {"free": 5}, **full)
    [victim] = second.strain.victims
    assert "imagefs.available is 100, less than 150; the pod uses 5Mi of it and asked for 0" in victim.why


def test_images_on_a_disk_with_room_are_no_help_where_another_one_is_full() -> None:
    wanted = declared()
    seen = converge(wanted)
    spare = replace(seen, images=(*seen.images, image(OLD, 99)))
    roomy = replace(disk(500), path="/var/lib/containerd")
    full = {"memory_available": 4096 * MIB, "pods": disk(50), "images": roomy, "pulled": (OLD,)}
    plan = measured(wanted, spare, {"free": 5}, **full)
    assert removed(plan) == []
    assert "nodefs.available is 50, less than 100" in plan.strain.victims[0].why
    same = measured(wanted, spare, {"free": 5}, **{**full, "images": disk(500)})
    assert (removed(same), same.strain.victims) == ([OLD], ())


def test_a_pod_that_was_measured_before_it_was_made_is_let_be() -> None:
    wanted = declared()
    assert measured(wanted, converge(wanted), {"free": 5}, at=1.0).strain.victims == ()


def test_nobody_else_goes_as_long_as_something_of_the_one_before_is_left() -> None:
    wanted = declared()
    seen = converge(wanted)
    used = {"above": 103, "free": 5, "high": 500}
    first = measured(wanted, seen, used).strain
    [victim] = (one for one in seen.sandboxes if one.id == first.victims[0].sandbox)
    assert victim.config.name == "free"
    others = tuple(one for one in seen.sandboxes if one is not victim)
    stopped = replace(seen, sandboxes=(*others, replace(victim, ready=False)))
    assert plan_upkeep(replace(asked(wanted, stopped, used), strain=first)).strain == first, (
        "it is stopped, and its files are there"
    )
    files = replace(seen, sandboxes=others)
    assert plan_upkeep(replace(asked(wanted, files, used), strain=first)).strain == first, "only its files are left"
    gone = replace(files, pod_dirs=tuple(uid for uid in seen.pod_dirs if uid != victim.config.uid))
    after = plan_upkeep(replace(asked(wanted, gone, used), strain=first)).strain
    assert names(after, seen) == ["above"], "measured once it was gone"


@pytest.mark.parametrize(("passed", "more"), [(29.0, []), (30.0, ["above"]), (-5.0, ["above"])])
def test_a_pod_that_cannot_be_got_rid_of_holds_the_others_for_as_long_as_with_a_kubelet(
    passed: float, more: list[str]
) -> None:
    wanted = declared()
    seen = converge(wanted)
    short = asked(wanted, seen, {"above": 103, "free": 5, "high": 500})
    first = plan_upkeep(short).strain
    second = plan_upkeep(replace(short, strain=first, now=LATER + passed)).strain
    assert names(second, seen) == ["free", *more]
    third = plan_upkeep(replace(short, strain=second, now=LATER + passed + 0.5)).strain
    assert third == second, "and so does the next one"


def test_there_is_no_way_back_for_a_pod_that_gives_way() -> None:
    wanted = declared()
    seen = converge(wanted)
    first = measured(wanted, seen, {"free": 5}).strain
    for passed in (10.0, 1000.0):
        calm = UpkeepInput(
            desired=wanted, seen=seen, usage=usage(), last_used={}, now=LATER + passed, strain=first, policy=Policy()
        )
        assert plan_upkeep(calm).strain == Strain(victims=first.victims)
    again = tuple(replace(one, id=f"{one.id}-again") for one in seen.sandboxes)
    assert plan_upkeep(replace(calm, seen=replace(seen, sandboxes=again))).strain == CALM, "made again, it is another"


@pytest.mark.parametrize(("passed", "shortages"), [(299.0, ("MemoryPressure",)), (300.0, ()), (-5.0, ())])
def test_a_shortage_counts_for_a_while_after_it_is_over(passed: float, shortages: tuple[Shortage, ...]) -> None:
    wanted = declared()
    given = UpkeepInput(
        desired=wanted,
        seen=converge(wanted),
        usage=usage(),
        last_used={},
        now=LATER + passed,
        policy=Policy(pressure_transition=300.0),
        pressed_at={"MemoryPressure": LATER},
    )
    strain = plan_upkeep(given).strain
    assert (strain.shortages, strain.victims) == (shortages, ())
