from collections.abc import Mapping

from agent.model.chores import Chore
from agent.model.desired import HostDesired
from agent.model.observation import Seen
from agent.model.strain import CALM, Shortage, Strain
from agent.model.usage import Usage
from agent.model.value import Value
from agent.planner.upkeep.images import last_used, needed_images, removable
from agent.planner.upkeep.logs import rotations
from agent.planner.upkeep.policy import Policy
from agent.planner.upkeep.pressure import Pressed, pressed, strain_of


class UpkeepInput(Value, frozen=True, kw_only=True):
    """All that upkeep may know. ``last_used``, ``pressed_at`` and ``strain`` are those of the last answer."""

    desired: HostDesired
    seen: Seen
    usage: Usage
    last_used: Mapping[str, float]
    now: float
    policy: Policy = Policy()
    pressed_at: Mapping[Shortage, float] = {}
    strain: Strain = CALM


class UpkeepPlan(Value, frozen=True, kw_only=True):
    """What to clean up now. ``last_used`` maps images, by id, to when they were last needed.

    ``short`` says why the image disk stays too full although everything was done that may be. ``strain`` is what the
    host is short of, and ``pressed`` the same with the reasons.
    """

    chores: tuple[Chore, ...]
    last_used: Mapping[str, float]
    short: str = ""
    strain: Strain = CALM
    pressed: Pressed = Pressed()


def plan_upkeep(given: UpkeepInput) -> UpkeepPlan:
    """Return what to clean up on a host."""
    needed = needed_images(given.desired, given.seen)
    used = last_used(needed, given.seen, given.last_used, given.now)
    idle = [image for image in given.seen.images if image.id not in needed]
    found = pressed(given.usage, given.pressed_at, given.now, given.policy)
    disk = given.usage.images
    full = disk is not None and disk.path in found.disks
    images = removable(idle, given.usage, used, given.now, given.policy, pressed=full)
    logs = rotations(given.desired.agent, given.seen, given.usage, given.policy)
    return UpkeepPlan(
        chores=(*images.chores, *logs),
        last_used=used,
        short=images.short,
        strain=strain_of(
            found,
            given.strain,
            given.desired,
            given.seen,
            given.usage,
            now=given.now,
            reclaiming=bool(images.chores),
        ),
        pressed=found,
    )
