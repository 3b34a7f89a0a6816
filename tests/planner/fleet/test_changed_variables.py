"""What an older pod reads as variables has changed: the name of a pod still tells what is in its containers.

So no pod is restarted when git goes back to its template: those that read something else are of another template, and
go within the bounds of their workload.
"""

import pytest
from msgspec.structs import replace

from agent.model.objects.fleet import AnyObject
from agent.model.objects.pod import ConfigRef, EnvFromSource
from tests.planner.fleet.build import World, config_map, container, deployment, rolling
from tests.planner.fleet.test_replicasets import replica_set
from tests.planner.stateful.build import DAEMON_ON_DELETE, daemon, images, observed, of, stateful
from tests.planner.stateful.build import rolling as partitioned

READS = container(env_from=(EnvFromSource(config_map_ref=ConfigRef(name="settings")),))
PROXY = replace(READS, name="proxy", image="proxy:1")
CAREFUL = rolling(1, 0)
NEWER = replace(READS, image="app:2")
SLOW, FAST = config_map(MODE="slow"), config_map(MODE="fast")


def modes(world: World) -> dict[str, set[str]]:
    """Return what the containers of each pod read."""
    return {
        name: {str(env.value) for one in observed(world, name).current.values() for env in one.config.envs}
        for name in world.names()
    }


def generation(name: str) -> str:
    return name.rsplit("-", 2)[1]


def truthful(world: World) -> bool:
    """Tell whether pods of one template, by their names, read the same."""
    found: dict[str, set[str]] = {}
    for name, read in modes(world).items():
        found.setdefault(generation(name), set()).update(read)
    return all(len(read) == 1 for read in found.values())


def half_made(world: World) -> str:
    """Make all pods but the last container of the first; return its name."""
    first, *others = world.actions(world.plan())
    world.do(*first, steps=len(first[1].steps) - 1)
    for other in others:
        world.do(*other)
    return first[1].pod.name


def restarts(story: list[list[tuple[str, str, str]]]) -> list[str]:
    return [name for steps in story for _, verb, name in steps if verb not in {"create", "remove"}]


@pytest.mark.parametrize("back", [SLOW, FAST])
def test_a_pod_that_is_missed_in_a_pause_comes_again_as_what_it_reads_now(back: AnyObject) -> None:
    world = World(deployment(3, READS, strategy=CAREFUL), SLOW)
    world.settle()
    [gone, *old] = world.names()
    world.declare(deployment(3, NEWER, strategy=CAREFUL, paused=True), FAST)
    world.settle()
    world.vanish(gone)
    world.settle()
    [again] = set(world.names()) - set(old)
    assert (images(world)[again], modes(world)[again]) == ("app:1", {"fast"}), "the older template, as it reads now"
    assert (len(world.names()), truthful(world)) == (3, True)
    world.vanish(again)
    world.settle()
    assert world.names() == sorted([*old, again]), "it is remembered like any other"

    world.declare(deployment(3, READS, strategy=CAREFUL), back)
    story = []
    for _ in range(20):
        assert world.status().available >= 3
        assert truthful(world)
        story.append(world.act())
    assert (world.status().phase, restarts(story), world.settle()) == ("Ready", [], [])
    stayed = {again} if back is FAST else set(old)
    assert {generation(name) for name in world.names()} == {generation(name) for name in stayed}


def test_where_only_variables_changed_the_newest_template_takes_the_place_of_what_is_missed() -> None:
    world = World(deployment(3, READS, strategy=CAREFUL), SLOW)
    world.settle()
    old = world.names()
    world.declare(deployment(3, READS, strategy=CAREFUL), FAST)
    [[(_, _, hanging)]] = [world.act()]
    world.kill(hanging)
    world.vanish(old[0])
    made = [name for _, verb, name in world.act() if verb == "create"]
    assert [generation(name) for name in made] == [generation(hanging)]
    assert (len(world.names()), truthful(world)) == (4, True)


def test_where_only_variables_changed_in_a_pause_no_pod_is_missed_for_long() -> None:
    world = World(deployment(1, READS), SLOW)
    world.settle()
    [old] = world.names()
    world.declare(deployment(1, READS, paused=True), FAST)
    world.settle()
    assert world.names() == [old]
    world.vanish(old)
    world.settle()
    assert (list(modes(world).values()), truthful(world)) == ([{"fast"}], True)
    assert (world.status().ready, generation(old) in world.names()[0]) == (1, False)


@pytest.mark.parametrize("paused", [False, True])
def test_a_pod_that_was_half_made_is_not_completed_with_something_else(*, paused: bool) -> None:
    world = World(deployment(2, READS, PROXY, strategy=CAREFUL), SLOW)
    half = half_made(world)
    newer = deployment(2, NEWER, PROXY, strategy=CAREFUL, paused=paused)
    world.declare(newer, FAST)
    for _ in range(20):
        assert truthful(world)
        assert world.status().available >= 1
        world.act()
    assert half not in world.names()
    assert world.status().ready == 2
    assert set(images(world).values()) == {"app:1" if paused else "app:2"}


def test_a_pod_that_was_half_made_is_completed_where_it_reads_the_same() -> None:
    world = World(deployment(2, READS, PROXY, strategy=CAREFUL), SLOW)
    half = half_made(world)
    world.declare(deployment(2, NEWER, PROXY, strategy=CAREFUL, paused=True), SLOW)
    world.settle()
    assert half in world.names()
    assert world.status().ready == 2


def test_below_the_partition_of_a_stateful_set_a_pod_comes_again_as_what_it_reads_now() -> None:
    below = partitioned(partition=2)
    world = World(stateful(2, READS), SLOW)
    world.settle()
    world.declare(stateful(2, NEWER, update_strategy=below), FAST)
    world.settle()
    world.vanish("db-0")
    world.settle()
    assert modes(world) == {"db-0": {"fast"}, "db-1": {"slow"}}
    assert set(images(world).values()) == {"app:1"}
    world.declare(stateful(2, READS, update_strategy=below), SLOW)
    assert world.settle() == [], "nothing below the partition is touched"
    world.declare(stateful(2, READS), SLOW)
    assert [(verb, name) for steps in world.settle() for _, verb, name in steps] == [
        ("remove", "db-0"),
        ("create", "db-0"),
    ]
    assert modes(world) == {"db-0": {"slow"}, "db-1": {"slow"}}


def test_below_the_partition_a_half_made_pod_is_made_anew() -> None:
    world = World(stateful(1, READS, PROXY), SLOW)
    half_made(world)
    world.declare(stateful(1, NEWER, PROXY, update_strategy=partitioned(partition=1)), FAST)
    world.settle()
    assert (modes(world), images(world)) == ({"db-0": {"fast"}}, {"db-0": "app:1"})
    assert of(world).phase == "Ready"


def test_a_half_made_pod_of_a_replica_set_is_made_anew() -> None:
    world = World(replica_set(2, READS, PROXY), SLOW)
    half = half_made(world)
    [whole] = set(world.names()) - {half}
    world.declare(replica_set(2, NEWER, PROXY), FAST)
    [leaving] = [one for desired in world.plan().desired.values() for one in desired.leaving]
    assert (leaving.key.name, leaving.reason) == (half, "replaced")
    world.settle()
    [made] = set(world.names()) - {whole}
    assert (modes(world), images(world)) == ({whole: {"slow"}, made: {"fast"}}, {whole: "app:1", made: "app:2"})
    assert of(world, "ReplicaSet", "web").phase == "Ready"


def test_a_daemon_that_was_half_made_is_made_anew_also_on_delete() -> None:
    world = World(daemon(READS, PROXY, update_strategy=DAEMON_ON_DELETE), SLOW, hosts=["a"])
    half = half_made(world)
    world.declare(daemon(NEWER, PROXY, update_strategy=DAEMON_ON_DELETE), FAST)
    world.settle()
    assert half not in world.names()
    assert (list(modes(world).values()), set(images(world).values())) == ([{"fast"}], {"app:2"})
    assert of(world, "DaemonSet", "log").phase == "Ready"
