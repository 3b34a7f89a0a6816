"""Spread and neighbours of pods that are not a Deployment's: those of DaemonSets and Jobs."""

from agent.model.objects.pod import SpreadConstraint
from agent.model.objects.selector import LabelSelector
from tests.planner.batch.build import Works, job
from tests.planner.fleet.build import World, container, deployment, host, pod
from tests.planner.fleet.test_affinity import HOSTNAME, ZONE, ZONED, apart
from tests.planner.stateful.build import daemon


def even(app: str, key: str, most: int = 1) -> SpreadConstraint:
    return SpreadConstraint(
        max_skew=most,
        topology_key=key,
        when_unsatisfiable="DoNotSchedule",
        label_selector=LabelSelector(match_labels={"app": app}),
    )


def test_a_daemon_is_on_every_host_however_uneven_zones_are() -> None:
    east = [host(name, labels={ZONE: "east"}) for name in "abc"]
    west = host("d", labels={ZONE: "west"})
    spread = (even("log", ZONE),)
    world = World(daemon(pod={"topology_spread_constraints": spread}), hosts=[*east, west])
    world.settle()
    assert [len(pods) for pods in world.pods().values()] == [1, 1, 1, 1]


def test_a_pod_that_looks_for_room_beside_a_daemon_with_spread_waits_for_it() -> None:
    old = deployment(1, container(cpu="3"))
    world = World(old, hosts=["a"])
    world.settle()
    spread = {"topology_spread_constraints": (even("log", HOSTNAME),)}
    new = deployment(1, container("app:2", cpu="500m"), min_ready_seconds=1000)
    world.declare(new, pod("one", container(cpu="2")), daemon(container(cpu="600m"), pod=spread))
    world.act()
    assert "no host fits one: cpu short by 1500m on a" in world.messages()
    world.settle()
    assert len(world.names()) == 3


def test_pods_of_a_job_are_spread_and_those_that_ended_count_for_nothing() -> None:
    spread = (even("work", ZONE),)
    world = Works(job(completions=4, parallelism=2, pod={"topology_spread_constraints": spread}), hosts=ZONED)
    world.settle()
    assert sorted(world.running()) == ["work-0", "work-1"]
    west = next(name for name in ("work-0", "work-1") if world.find(name)[0] == "c")
    world.end(west)
    world.settle()
    assert world.find("work-2")[0] == "c", "the other zone has one, this has none that runs"


def test_a_pod_of_a_job_that_ended_keeps_no_other_away() -> None:
    world = Works(job(completions=2, pod={"affinity": apart("work")}), hosts=[host("a", labels={HOSTNAME: "a"})])
    world.settle()
    world.end("work-0")
    world.settle()
    assert world.running() == ["work-1"]
