"""Stories: given these objects and these hosts, this happens, round by round, and then nothing more."""

import pytest
from msgspec.structs import replace

from agent.model.cause import Commit
from agent.model.cri import SandboxConfig
from agent.model.objects import DeploymentStrategy
from agent.model.objects.pod import ConfigRef, ContainerPort, EnvFromSource
from agent.planner.template import resolve_template
from tests.planner.fleet.build import (
    KEY,
    RECREATE,
    Step,
    World,
    config_map,
    container,
    declared,
    deployment,
    pod,
    rolling,
    slots,
)

SIGNS = {"create": "+", "remove": "-", "replace": "±", "restart": "↻"}


def told(story: list[list[Step]]) -> list[list[str]]:
    """Return a story with templates numbered in the order in which they appear: `+ a web-1-0`, `- b web-1-2`."""
    numbers: dict[str, int] = {}
    lines = []
    for steps in story:
        line = []
        for host, verb, name in steps:
            owner, *generated = name.split("-")
            if generated:
                owner += f"-{numbers.setdefault(generated[0], len(numbers) + 1)}-{generated[1]}"
            line.append(f"{SIGNS[verb]} {host} {owner}")
        lines.append(sorted(line))
    return lines


def test_first_convergence_is_one_round_spread_over_the_hosts() -> None:
    world = World(deployment(4), pod("one"))
    assert told(world.settle()) == [
        ["+ a one", "+ a web-1-2", "+ b web-1-0", "+ b web-1-3", "+ c web-1-1"],
    ]
    assert world.status().phase == "Ready"


def test_a_new_image_rolls_one_pod_at_a_time() -> None:
    world = World(deployment(3))
    world.settle()
    world.declare(deployment(3, container("app:2")))
    assert told(world.settle()) == [
        ["+ a web-1-0"],
        ["- a web-2-0"],
        ["+ b web-1-1"],
        ["- b web-2-1"],
        ["+ c web-1-2"],
        ["- c web-2-2"],
    ]


def test_recreate_takes_all_old_pods_down_first() -> None:
    world = World(deployment(2, strategy=RECREATE))
    world.settle()
    world.declare(deployment(2, container("app:2"), strategy=RECREATE))
    assert told(world.settle()) == [["- a web-1-0", "- b web-1-1"], ["+ a web-2-0", "+ b web-2-1"]]


def test_a_config_map_read_as_environment_rolls_its_pods_and_one_that_is_mounted_does_not() -> None:
    reads = container(env_from=(EnvFromSource(config_map_ref=ConfigRef(name="settings")),))
    world = World(deployment(1, reads), deployment(1, name="other"), config_map(MODE="slow"))
    world.settle()
    world.declare(deployment(1, reads), deployment(1, name="other"), config_map(MODE="fast"))
    assert told(world.settle()) == [["+ b web-1-0"], ["- b web-2-0"]]


def test_scaling_touches_no_other_pod() -> None:
    world = World(deployment(2))
    world.settle()
    world.declare(deployment(4))
    assert told(world.settle()) == [["+ a web-1-3", "+ c web-1-2"]]
    world.declare(deployment(1))
    assert told(world.settle()) == [["- a web-1-0", "- a web-1-3", "- c web-1-2"]], "first of those that share a host"


def test_a_revert_in_the_midst_goes_back_over_the_pods_that_are_left() -> None:
    world = World(deployment(3))
    world.settle()
    before = world.names()
    world.declare(deployment(3, container("app:2")))
    world.act()
    world.act()
    world.declare(deployment(3))
    world.settle()
    assert world.names() == before


def test_a_failing_template_stops_at_the_surge() -> None:
    world = World(deployment(3))
    world.settle()
    world.declare(deployment(3, container("app:2")))
    [[(_, _, new)]] = [world.act()]
    world.kill(new)
    for _ in range(3):
        plan = world.plan()
        assert [key.key.name for desired in plan.desired.values() for key in desired.leaving] == []
        assert sum(len(desired.kept) for desired in plan.desired.values()) == 3
        world.now += 1
    assert f"rollout of default/web waits for {new} on a to be running" in world.messages()[0]


def test_a_pod_that_was_only_half_made_is_not_taken_for_a_whole_one() -> None:
    """Its manifest is gone before its second container was made: it counts once that is there, as in Kubernetes."""
    both = deployment(2, container(), container(name="sidecar"), strategy=rolling(1, 0))
    world = World(both, hosts=["a", "b"])
    [first, second] = world.actions(world.plan())
    world.do(*first, steps=len(first[1].steps) - 1)
    world.do(*second)
    world.declare(deployment(2, container("app:2"), container(name="sidecar"), strategy=rolling(1, 0)))
    assert world.status().available == 1
    assert [verb for _, verb, _ in world.act(lambda found: found[:1])] == ["restart"]
    assert (first[1].pod.name in world.names(), world.status().available) == (True, 2)
    story = [verb for steps in world.settle() for _, verb, _ in steps]
    assert story == ["create", "remove", "create", "remove"]


def test_a_newer_template_preempts_one_that_hangs() -> None:
    world = World(deployment(3))
    world.settle()
    world.declare(deployment(3, container("broken")))
    [[(_, _, hanging)]] = [world.act()]
    world.kill(hanging)
    world.declare(deployment(3, container("app:3")))
    story = world.settle()
    assert hanging in {name for _, verb, name in story[0] if verb == "remove"}
    assert slots(world.names()) == ["web-0", "web-1", "web-2"]


def test_host_ports_do_not_stall_a_rollout_while_a_host_is_free() -> None:
    serves = container(ports=(ContainerPort(container_port=80, host_port=80),))
    world = World(deployment(2, serves, strategy=rolling(1, 0)))
    world.settle()
    world.declare(deployment(2, replace(serves, image="app:2"), strategy=rolling(1, 0)))
    assert told(world.settle()) == [["+ c web-1-0"], ["- a web-2-0"], ["+ a web-1-1"], ["- b web-2-1"]]


def test_host_ports_on_the_only_host_need_an_unavailable_pod() -> None:
    serves = container(ports=(ContainerPort(container_port=80, host_port=80),))
    world = World(deployment(1, serves, strategy=rolling(0, 1)), hosts=["a"])
    world.settle()
    world.declare(deployment(1, replace(serves, image="app:2"), strategy=rolling(0, 1)))
    assert told(world.settle()) == [["- a web-1-0"], ["+ a web-2-0"]]


@pytest.mark.parametrize("strategy", [rolling(0, 1), rolling(1, 1), rolling(2, 2), RECREATE])
@pytest.mark.parametrize("replicas", [3, 1, 0])
def test_a_rollout_ends_where_every_host_port_is_taken(strategy: DeploymentStrategy, replicas: int) -> None:
    """Even when it is scaled down in the midst."""
    serves = container(ports=(ContainerPort(container_port=80, host_port=80),))
    world = World(deployment(3, serves, strategy=strategy))
    world.settle()
    world.declare(deployment(3, replace(serves, image="app:2"), strategy=strategy))
    world.act()
    world.declare(deployment(replicas, replace(serves, image="app:2"), strategy=strategy))
    world.settle()
    assert (world.status().phase, len(world.names())) == ("Ready", replicas)


def test_a_slow_departure_holds_the_next_pod_up_but_not_what_runs() -> None:
    world = World(deployment(3))
    world.settle()
    world.declare(deployment(3, container("app:2")))
    world.act()
    going = world.act(lambda _: [])  # told to go, and takes its time
    assert going == []
    [leaving] = [one for desired in world.plan().desired.values() for one in desired.leaving]
    assert [action.verb for _, action in world.actions(world.plan())] == ["remove"]
    assert world.status().available == 3
    assert f"rollout of default/web waits for {leaving.key.name} to be gone" in world.messages()


def test_a_full_fleet_rolls_as_far_as_pods_may_be_unavailable() -> None:
    world = World(deployment(2, container(cpu="4"), strategy=rolling(0, 1)), hosts=["a", "b"])
    world.settle()
    world.declare(deployment(2, container("app:2", cpu="4"), strategy=rolling(0, 1)))
    assert told(world.settle()) == [
        ["- b web-1-1"],
        ["+ b web-2-0"],
        ["- a web-1-0"],
        ["+ a web-2-1"],
    ]


def test_a_full_fleet_does_not_roll_while_no_pod_may_be_unavailable() -> None:
    """As in Kubernetes: the first new pod waits, and nothing is lost."""
    world = World(deployment(2, container(cpu="4"), strategy=rolling(1, 0)), hosts=["a", "b"])
    world.settle()
    world.declare(deployment(2, container("app:2", cpu="4"), strategy=rolling(1, 0)))
    assert told(world.settle()) == []
    assert (world.status().phase, world.status().reason, world.status().available) == ("Waiting", "Unschedulable", 2)
    assert "cpu short by 4000m on a, b" in world.status().message


def test_min_ready_seconds_slow_a_rollout_down() -> None:
    world = World(deployment(1, min_ready_seconds=30))
    world.settle()
    world.declare(deployment(1, container("app:2"), min_ready_seconds=30))
    world.act()
    assert world.plan().wake_at == world.now - 1 + 30
    assert "to be running for 29s more" in world.status().message
    assert told(world.settle()) == [["- a web-1-0"]]


def test_every_change_says_which_object_asked_for_it() -> None:
    world = World(deployment(1))
    world.settle()
    body = deployment(1, container("app:2"))
    world.declare(body)
    world.act()
    [leaving] = [one for desired in world.plan().desired.values() for one in desired.leaving]
    template = resolve_template(declared(body), (), KEY)  # type: ignore[arg-type]  # a Declared[Deployment] it is
    assert leaving.reason == "replaced"
    assert isinstance(leaving.cause, Commit)
    assert (leaving.cause.path, leaving.cause.summary) == ("spec.template", f"replaced by template {template.hash}")
    assert str(leaving.cause.location) == "apps/web.yaml:3:1"


def test_a_pod_that_took_another_ones_name_is_taken_over() -> None:
    """A sandbox may carry the label of this agent and the name of a declared pod, and an owner that is none."""
    world = World(pod("one"))
    world.settle()
    seen = world.seen("a")
    forged: SandboxConfig = replace(
        seen.sandboxes[0].config, annotations={"trimtab.dev/owner": "Deployment/default/nobody"}
    )
    world.observations["a"] = replace(seen, sandboxes=(replace(seen.sandboxes[0], config=forged),))
    desired = world.plan().desired["a"]
    assert [one.key.name for one in desired.pods] == ["one"]
    assert (desired.kept, desired.leaving) == ((), ())
