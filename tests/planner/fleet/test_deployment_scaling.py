"""Which pod goes first, how a changed count is shared out between templates, and how far a rollout is said to be."""

from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.kindstatus import Condition, DeploymentStatus
from agent.model.labels import AGENT
from agent.model.objects.meta import PodKey
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.planner.live import Live
from agent.planner.pods import ObservedPod
from agent.planner.ranking import DELETION_COST, first_to_go
from agent.planner.template import resolve_template
from agent.planner.workloads.deployment import claim
from agent.planner.workloads.deployment.scaling import proportional
from tests.planner.fleet.build import KEY, RECREATE, World, container, declared, deployment, rolling, scope


def live(name: str, *, host: str = "a", since: float | None = 50.0, state: Any = "running", **more: Any) -> Live:  # noqa: ANN401 -- a Literal, and fields of any type
    cost, restarts, created = more.get("cost", ""), more.get("restarts", 0), more.get("created", 10.0)
    key = PodKey(namespace="default", name=name)
    annotations = {DELETION_COST: cost} if cost else {}
    config = SandboxConfig(name=name, namespace="default", uid=name, labels={AGENT: "prod"}, annotations=annotations)
    inside = ContainerSeen(
        id=name, sandbox_id=name, config=ContainerConfig(name="app", image="app", attempt=restarts), state=state
    )
    return Live(
        key=key,
        name=str(key),
        host=host,
        seen=True,
        owner=None,
        names=("app",),
        slot=0,
        created_at=created,
        running_since=since,
        observed=ObservedPod(
            key=key, sandboxes=(SandboxSeen(id=name, config=config, ready=True),), containers={"app": (inside,)}
        ),
    )


@pytest.mark.parametrize(
    ("goes", "stays"),
    [
        ({"state": "created", "since": None}, {"state": "exited", "since": None}),
        ({"since": None}, {}),
        ({"since": None, "cost": "100"}, {"cost": "-5"}),
        ({"cost": "-5"}, {}),
        ({}, {"cost": "5"}),
        ({"cost": "1", "host": "b"}, {"cost": "2", "host": "crowded"}),
        ({"host": "crowded", "since": 10.0}, {"host": "b"}),
        ({"since": 60.0}, {"since": 50.0, "restarts": 3}),
        ({"restarts": 3}, {"restarts": 2, "created": 20.0}),
        ({"created": 20.0}, {"created": 10.0}),
        ({"cost": "much", "created": 20.0}, {"cost": "0", "created": 10.0}),
    ],
)
def test_the_order_of_kubernetes_replica_sets(goes: dict[str, Any], stays: dict[str, Any]) -> None:
    beside = Counter({"crowded": 2, "a": 1, "b": 1})
    pods = [live("x", **goes), live("a", **stays)]
    assert [pod.key.name for pod in first_to_go(pods, beside)] == ["x", "a"]
    assert first_to_go(pods[::-1], beside) == first_to_go(pods, beside)


@pytest.mark.parametrize(
    ("sizes", "replicas", "most", "before", "expected"),
    [
        # the example of the documentation: 10 with a surge of 3, 8 old and 5 new; 5 more
        ((8, 5), 15, 18, 13, (11, 7)),
        # up and down, in proportion
        ((4, 2), 12, 12, 6, (8, 4)),
        ((8, 4), 6, 6, 12, (4, 2)),
        # what rounding leaves is the largest one's
        ((5, 5, 5), 17, 17, 15, (5, 6, 6)),
        ((3, 1), 5, 5, 4, (4, 1)),
        # of one size the newer grows first, the older shrinks first
        ((1, 1), 3, 3, 2, (1, 2)),
        ((2, 2), 3, 3, 4, (1, 2)),
        # to none, and none to share
        ((3, 2), 0, 1, 6, (0, 0)),
        ((3, 0), 5, 5, 3, (5, 0)),
        ((3, 2), 4, 5, 5, (3, 2)),
    ],
)
def test_a_changed_count_is_shared_out(
    sizes: tuple[int, ...], replicas: int, most: int, before: int, expected: tuple[int, ...]
) -> None:
    named = {str(number): size for number, size in enumerate(sizes)}
    found = proportional(named, replicas=replicas, most=most, before=before)
    assert tuple(found.values()) == expected


def by_image(world: World) -> dict[str, int]:
    return dict(Counter(one.containers[0].image for one in world.status().pods if one.containers))


def half_way(replicas: int = 8) -> World:
    """Return a world in which a rollout hangs: the new pods do not become ready."""
    world = World(deployment(replicas, strategy=rolling("25%", "25%")))
    world.settle()
    world.declare(deployment(replicas, container("broken"), strategy=rolling("25%", "25%")))
    hang(world)
    return world


def hang(world: World) -> None:
    """Let everything happen but restarts, with the containers of the broken image gone as soon as they are there."""
    for _ in range(12):
        steps = world.act(lambda found: [one for one in found if one[1].verb != "restart"])
        for place in "abc":
            seen = world.seen(place)
            world.observations[place] = replace(
                seen, containers=tuple(_crashed(one, world.now) for one in seen.containers)
            )
        if not steps:
            return
    raise AssertionError("does not come to rest")


def _crashed(one: ContainerSeen, now: float) -> ContainerSeen:
    return replace(one, state="exited", exit_code=1, finished_at=now) if one.config.image == "broken" else one


def test_scaling_in_the_midst_of_a_rollout_lets_old_and_new_grow() -> None:
    world = half_way()
    assert by_image(world) == {"app:1": 6, "broken": 4}
    world.declare(deployment(16, container("broken"), strategy=rolling("25%", "25%")))
    hang(world)
    assert by_image(world) == {"app:1": 12, "broken": 8}
    assert world.status().available == 12


def test_old_pods_that_vanish_while_a_rollout_hangs_are_made_again() -> None:
    world = half_way()
    assert world.status().available == 6
    for status in [one for one in world.status().pods if one.containers[0].image == "app:1"][:2]:
        world.vanish(status.key.name)
    assert world.status().available == 4
    hang(world)
    assert by_image(world) == {"app:1": 6, "broken": 4}
    assert world.status().available == 6


def test_a_rollout_that_gets_nowhere_says_so_and_takes_no_more_down() -> None:
    world = half_way()
    plan = world.plan()
    assert plan.due_at is not None
    assert world.now < plan.due_at <= world.now + 600
    world.now = plan.due_at - 1
    assert world.status().phase == "Progressing"
    world.now += 1
    status = world.status()
    assert (status.phase, status.reason) == ("Failed", "ProgressDeadlineExceeded")
    assert "got no further for 10m (spec.progressDeadlineSeconds); it waits for web-" in status.message
    assert (status.available, by_image(world)) == (6, {"app:1": 6, "broken": 4})
    assert world.plan().due_at is None
    world.declare(deployment(8, container("app:3"), strategy=rolling("25%", "25%")))
    world.settle()
    assert (world.status().phase, by_image(world)) == ("Ready", {"app:3": 8})


def conditions(world: World) -> dict[str, tuple[str, str]]:
    return {one.type: (one.status, one.reason) for one in told(world).conditions}


def told(world: World) -> DeploymentStatus:
    found = world.status().status
    assert isinstance(found, DeploymentStatus)
    return found


def test_conditions_from_the_first_pod_to_the_deadline() -> None:
    world = World(deployment(4, strategy=rolling(1, 1)))
    assert conditions(world) == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "ReplicaSetUpdated"),
    }
    world.settle()
    whole = {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert conditions(world) == whole
    for name in world.names()[:2]:
        world.kill(name)
    world.now += 5000
    assert conditions(world) == {**whole, "Available": ("False", "MinimumReplicasUnavailable")}, (
        "no rollout, no deadline"
    )
    world.settle()
    world.declare(deployment(4, container("broken"), strategy=rolling(1, 1)))
    hang(world)
    assert conditions(world)["Progressing"] == ("True", "ReplicaSetUpdated")
    world.now += 600
    late = next(one for one in told(world).conditions if one.type == "Progressing")
    assert (late.status, late.reason, late.since) == ("False", "ProgressDeadlineExceeded", late.since)
    assert world.now - 600 <= late.since <= world.now
    world.declare(deployment(4, container("broken"), strategy=rolling(1, 1), paused=True))
    assert conditions(world)["Progressing"] == ("Unknown", "DeploymentPaused")
    world.declare(deployment(4, container("broken"), strategy=rolling(1, 1)))
    assert conditions(world)["Progressing"] == ("True", "ReplicaSetUpdated"), "time counts anew after a pause"


def test_the_available_condition_tells_since_when() -> None:
    world = World(deployment(1))
    world.plan()
    begun = world.now
    world.now += 30
    assert [one.since for one in told(world).conditions if one.type == "Available"] == [begun]
    world.act()
    assert [one.since for one in told(world).conditions if one.type == "Available"] == [begun + 31]
    assert isinstance(told(world).conditions[0], Condition)


def test_counts_as_kubernetes_has_them() -> None:
    world = half_way()
    status = told(world)
    assert (status.replicas, status.updated_replicas, status.ready_replicas) == (10, 4, 6)
    assert (status.available_replicas, status.unavailable_replicas, status.revision) == (6, 4, 2)


def test_every_template_is_a_new_revision_and_scaling_is_none() -> None:
    world = World(deployment(1))
    for image, replicas, revision in (("app:1", 1, 1), ("app:2", 1, 2), ("app:2", 3, 2), ("app:1", 3, 3)):
        world.declare(deployment(replicas, container(image)))
        world.settle()
        assert told(world).revision == revision


@pytest.mark.parametrize(("replicas", "images"), [(3, {"app:1": 3}), (5, {"app:1": 5}), (2, {"app:1": 2})])
def test_a_paused_deployment_scales_the_template_that_it_has(replicas: int, images: dict[str, int]) -> None:
    world = World(deployment(3))
    world.settle()
    world.declare(deployment(replicas, container("app:2"), paused=True))
    world.settle()
    assert by_image(world) == images
    assert world.status().reason == "Stopped"
    name = world.names()[0]
    world.vanish(name)
    world.settle()
    assert by_image(world) == images, "and makes its pods again"
    world.declare(deployment(replicas, container("app:2")))
    world.settle()
    assert by_image(world) == {"app:2": replicas}


def test_a_rollout_that_is_paused_half_way_stays_there_and_scales_both_templates() -> None:
    world = half_way(4)
    assert by_image(world) == {"app:1": 3, "broken": 2}
    world.declare(deployment(4, container("broken"), strategy=rolling("25%", "25%"), paused=True))
    hang(world)
    assert by_image(world) == {"app:1": 3, "broken": 2}
    world.declare(deployment(8, container("broken"), strategy=rolling("25%", "25%"), paused=True))
    hang(world)
    assert by_image(world) == {"app:1": 6, "broken": 4}


def test_recreate_takes_a_new_count_and_a_new_template_at_once() -> None:
    world = World(deployment(2, strategy=RECREATE))
    world.settle()
    world.declare(deployment(5, container("app:2"), strategy=RECREATE))
    world.settle()
    assert (by_image(world), told(world).revision) == ({"app:2": 5}, 2)


def test_what_an_autoscaler_says_wins() -> None:
    template = resolve_template(declared(deployment(2)), (), KEY)  # type: ignore[arg-type]  # a Declared[Deployment] it is
    found = claim(scope(template, (), replicas=5))
    assert (len(found.now), found.wanted) == (5, 5)
