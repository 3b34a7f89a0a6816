"""What goes when disks fill up, and what never does."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from agent.model.chores import RemoveImage, RotateLog
from agent.model.cri import ContainerConfig
from agent.model.observation import ContainerSeen, ImageSeen, Seen
from agent.model.usage import ContainerUsage, Filesystem, Usage
from agent.planner.upkeep import Policy, UpkeepInput, UpkeepPlan, plan_upkeep
from tests.planner.host.build import EMPTY, converge, desired, live, pod

GIB = 1 << 30
LATER = 10_000.0
OLD, OLDER = "registry.example/old:1", "registry.example/older:1"


def image(name: str, number: int, size: int = GIB, *, pinned: bool = False) -> ImageSeen:
    return ImageSeen(id=f"sha256:{number:064x}", tags=(name,), size=size, pinned=pinned)


def full(percent: int, *pulled: str) -> Usage:
    """A disk of which 5 % are kept for root, as ext4 does: they are neither used nor free."""
    disk = Filesystem(
        path="/var/lib/containerd",
        size_bytes=100 * GIB,
        used_bytes=max(percent - 5, 0) * GIB,
        available_bytes=(100 - percent) * GIB,
    )
    return Usage(at=LATER, images=disk, pulled=pulled)


def upkeep(seen: Seen, usage: Usage, used: Mapping[str, float] | None = None) -> UpkeepPlan:
    before = {one.id: 0.0 for one in seen.images} if used is None else used
    return plan_upkeep(UpkeepInput(desired=desired(pod()), seen=seen, usage=usage, last_used=before, now=LATER))


def removed(plan: UpkeepPlan) -> list[str]:
    return [name for chore in plan.chores if isinstance(chore, RemoveImage) for name in chore.names]


def test_nothing_goes_while_there_is_room() -> None:
    seen = replace(EMPTY, images=(image(OLD, 1),))
    assert upkeep(seen, full(84, OLD)).chores == ()


def test_the_least_recently_used_go_until_there_is_room_again() -> None:
    seen = replace(EMPTY, images=tuple(image(f"registry.example/app:{number}", number) for number in range(10)))
    used = {one.id: float(number) for number, one in enumerate(reversed(seen.images))}
    plan = upkeep(seen, full(85, *(tag for one in seen.images for tag in one.tags)), used)
    assert removed(plan) == [f"registry.example/app:{number}" for number in (9, 8, 7, 6, 5)]
    assert (plan.short, plan.strain.shortages) == ("", ()), "there is room again before pods have to go"


def test_what_somebody_else_brought_is_left_alone_and_said() -> None:
    seen = replace(EMPTY, images=(image(OLD, 1), image(OLDER, 2)))
    plan = upkeep(seen, full(95, OLD))
    assert removed(plan) == [OLD]
    assert "1 unused image on it was not pulled by trimtab" in plan.short


def test_an_image_that_runs_or_is_wanted_or_is_pinned_stays() -> None:
    seen = converge(desired(pod()))
    mine = seen.images[0]
    wanted = replace(EMPTY, images=(mine, image(OLD, 9, pinned=True)))
    other = replace(live(seen).current["web"], image_ref=image(OLDER, 3).id)
    running = replace(seen, images=(image(OLDER, 3),), containers=(other,))
    assert removed(upkeep(wanted, full(99, *mine.tags, OLD))) == []
    assert removed(upkeep(running, full(99, OLDER))) == []


def test_what_is_needed_stays_however_short_images_may_be_unused() -> None:
    seen = converge(desired(pod()))
    (mine,) = seen.images
    given = UpkeepInput(
        desired=desired(pod()),
        seen=seen,
        usage=full(99, *mine.tags),
        last_used={},
        now=LATER,
        policy=Policy(image_high=0.0, image_low=0.0, image_age=0.0),
    )
    assert plan_upkeep(given).chores == ()


def test_an_image_that_was_needed_a_moment_ago_stays() -> None:
    seen = replace(EMPTY, images=(image(OLD, 1), image(OLDER, 2)))
    used = {image(OLD, 1).id: LATER - 60.0}
    plan = upkeep(seen, full(85, OLD, OLDER), used)
    assert removed(plan) == []
    assert plan.last_used == {image(OLD, 1).id: LATER - 60.0, image(OLDER, 2).id: LATER}


@pytest.mark.parametrize(("size", "rotated"), [(10 << 20, False), ((10 << 20) + 1, True)])
def test_a_log_is_rotated_once_it_is_too_large(size: int, rotated: bool) -> None:
    seen = converge(desired(pod()))
    container = live(seen).current["web"]
    usage = Usage(at=LATER, containers={container.id: ContainerUsage(log_bytes=size)})
    chores = upkeep(seen, usage).chores
    path = f"{live(seen).sandbox.config.log_directory}/{container.config.log_path}"
    assert chores == ((RotateLog(container_id=container.id, name="web", path=path, keep=5),) if rotated else ())


def test_the_log_of_a_container_that_is_not_ours_is_left_alone() -> None:
    seen = converge(desired(pod()))
    foreign = ContainerSeen(
        id="hand",
        sandbox_id=live(seen).sandbox.id,
        config=ContainerConfig(name="sh", image="busybox", log_path="sh/0.log"),
        state="running",
    )
    usage = Usage(at=LATER, containers={"hand": ContainerUsage(log_bytes=GIB)})
    assert upkeep(replace(seen, containers=(*seen.containers, foreign)), usage).chores == ()
