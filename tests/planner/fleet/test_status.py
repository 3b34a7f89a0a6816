from msgspec.structs import replace

from agent.model.objects.pod import ConfigRef, EnvFromSource, Probe, SecretVolume, TcpSocketAction, Volume
from agent.model.observation import RuntimeFacts, Seen
from agent.model.plan import Failure, FleetInput
from agent.model.probing import Health
from agent.planner.fleet import plan_fleet
from tests.planner.fleet.build import World, config_map, container, deployment, host, pod, secret


def test_every_object_has_a_status_sorted_by_key() -> None:
    world = World(deployment(1), pod("one"), config_map(), secret())
    keys = [str(one.key) for one in world.plan().statuses]
    assert keys == [
        "ConfigMap default/settings",
        "Deployment default/web",
        "Host a",
        "Host b",
        "Host c",
        "Pod default/one",
        "Secret default/password",
    ]


def test_a_deployment_on_its_way_and_there() -> None:
    world = World(deployment(2), hosts=["a"])
    before = world.status()
    assert (before.phase, before.reason, before.wanted, before.updated, before.ready) == (
        "Progressing",
        "Starting",
        2,
        2,
        0,
    )
    assert before.message.startswith("waits for web-")
    assert "-0 on a to be running (ContainerCreating), web-" in before.message
    world.settle()
    after = world.status()
    assert (after.phase, after.message, after.wanted, after.updated, after.ready, after.available) == (
        "Ready",
        "",
        2,
        2,
        2,
        2,
    )
    assert [(one.host, one.phase, one.ready) for one in after.pods] == [("a", "Running", True)] * 2


def test_a_rollout_says_what_it_waits_for() -> None:
    world = World(deployment(2))
    world.settle()
    world.declare(deployment(2, container("app:2")))
    world.act()
    [[(_, _, replaced)]] = [world.act(lambda actions: [one for one in actions if one[1].verb == "remove"])]
    status = world.status()
    assert (status.phase, status.reason) == ("Progressing", "Replacing")
    assert [len({one.template_hash for one in status.pods}), status.updated] == [2, 2]
    assert replaced not in [one.key.name for one in status.pods]
    assert world.messages() == [f"rollout of default/web {status.message}"]


def test_a_deployment_is_not_ready_before_the_last_old_pod_is_gone() -> None:
    world = World(deployment(1))
    [[(host_name, _, old)]] = world.settle()
    world.declare(deployment(1, container("app:2")))
    world.act()
    status = world.status()
    assert (status.phase, status.message) == ("Progressing", f"waits for {old} to be gone")
    assert {one.host for one in status.pods} >= {host_name}


def test_why_a_container_does_not_run_is_said() -> None:
    world = World(deployment(1))
    [[(_, _, name)]] = world.settle()
    world.kill(name)
    status = world.status()
    assert status.phase == "Progressing"
    assert status.pods[0].containers[0].exit_code == 1
    assert f"{name} on a to be running (" in status.message


def test_what_runs_and_is_not_ready_is_waited_for_to_be_ready() -> None:
    probe = Probe(tcp_socket=TcpSocketAction(port=80))
    world = World(deployment(1, container(readiness_probe=probe)))
    world.settle()
    seen = world.seen("a")
    unwell = {one.id: Health(ready=False, message="Readiness probe failed: 503") for one in seen.containers}
    world.observations["a"] = replace(seen, health=unwell)
    status = world.status()
    assert status.pods[0].phase == "Running"
    assert status.message == f"waits for {status.pods[0].key.name} on a to be ready"


def test_a_failure_on_the_host_is_shown_with_the_pod() -> None:
    world = World(pod("one"))
    [key] = [one.key for desired in world.plan().desired.values() for one in desired.pods]
    failure = Failure(count=2, last_at=world.now, message="no such image", kind="image-pull")
    given: FleetInput = replace(world.given, failures={key: failure})
    [status] = [one for one in plan_fleet(given).statuses if one.key.kind == "Pod"]
    assert status.message == "waits for one on a to be running (ImagePullBackOff: no such image)"


def test_a_pod_that_ended() -> None:
    for policy, code, expected in (("Never", 1, ("Failed", "Error")), ("OnFailure", 0, ("Ready", "Completed"))):
        world = World(pod("one", restart_policy=policy))
        world.settle()
        seen = world.seen("a")
        ended = tuple(
            replace(one, state="exited", exit_code=code, finished_at=world.now, reason="Error" if code else "Completed")
            for one in seen.containers
        )
        world.observations["a"] = replace(seen, containers=ended)
        status = world.status("one", "Pod")
        assert (status.phase, status.reason) == expected
        assert world.settle() == []


def test_a_paused_deployment_says_so() -> None:
    world = World(deployment(2))
    world.settle()
    world.declare(deployment(3, container("app:2"), paused=True))
    world.before = None  # the agent restarted meanwhile, and does not know what was in force
    assert world.settle() == []
    status = world.status()
    assert (status.phase, status.reason) == ("Waiting", "Stopped")
    assert status.message == (
        "paused with 2 pods on an older template; 1 more cannot be made from it, because it is not known any more"
    )


def test_hosts() -> None:
    world = World(hosts=[host("a"), host("b", unschedulable=True), host("c")])
    facts = RuntimeFacts(network_ready=False, message="cni plugin not initialized")
    world.observations["c"] = Seen(at=0.0, facts=facts)
    found = [world.status(name, "Host") for name in "abc"]
    assert [(one.phase, one.reason) for one in found] == [
        ("Ready", ""),
        ("Ready", "SchedulingDisabled"),
        ("Waiting", "RuntimeNotReady"),
    ]
    assert found[2].message == "the network is not ready: cni plugin not initialized"


def test_a_deployment_of_no_pods_is_ready() -> None:
    assert World(deployment(0)).status().phase == "Ready"


def test_content_of_secrets_shows_nowhere() -> None:
    reads = container(env_from=(EnvFromSource(secret_ref=ConfigRef(name="password")),))
    mounts = {"volumes": (Volume(name="v", secret=SecretVolume(secret_name="password")),)}
    world = World(deployment(1, reads, pod=mounts), secret(main="hunter2"))
    world.settle()
    world.declare(deployment(1, reads, pod=mounts), secret(main="hunter3"))
    assert world.messages()[0].startswith("rollout of default/web waits for web-")
    assert "hunter3" not in repr(world.plan())
    assert "hunter2" not in repr(world.plan())
    assert "hunter2" not in repr(world.given)
