"""A pod counts from the moment it may be made, as with kubectl, whether or not its image is there."""

from msgspec.structs import replace

from agent.model.kindstatus import DaemonSetStatus, DeploymentStatus, ReplicaSetStatus, StatefulSetStatus
from agent.model.plan import Failure, FleetInput
from agent.model.status import ObjectStatus
from agent.planner.fleet import plan_fleet
from tests.planner.fleet.build import World, container, deployment
from tests.planner.fleet.test_replicasets import replica_set
from tests.planner.quota.test_quota import quota
from tests.planner.stateful.build import daemon, stateful


def when_pulls_fail(world: World, kind: str, name: str) -> ObjectStatus:
    """Return an object's status when no pod that is still to be made gets its image."""
    wanted = [one.key for desired in world.plan().desired.values() for one in desired.pods]
    failure = Failure(count=2, last_at=world.now, message="no such image", kind="image-pull")
    given: FleetInput = replace(world.given, failures=dict.fromkeys(wanted, failure))
    [status] = [one for one in plan_fleet(given).statuses if (one.key.kind, one.key.name) == (kind, name)]
    return status


def test_pods_of_a_deployment_without_an_image_are_up_to_date_and_not_available() -> None:
    status = when_pulls_fail(World(deployment(2)), "Deployment", "web")
    assert (status.updated, status.ready, status.available) == (2, 0, 0)
    told = status.status
    assert isinstance(told, DeploymentStatus)
    assert (told.replicas, told.updated_replicas, told.available_replicas, told.unavailable_replicas) == (2, 2, 0, 2)


def test_an_update_without_an_image_counts_the_pod_that_the_surge_allows() -> None:
    world = World(deployment(4))
    world.settle()
    world.declare(deployment(4, container("app:2")))
    status = when_pulls_fail(world, "Deployment", "web")
    told = status.status
    assert isinstance(told, DeploymentStatus)
    assert (status.updated, told.updated_replicas, told.terminating_replicas) == (1, 1, 1)
    assert told.replicas == 4


def test_pods_of_a_replica_set_without_an_image_are_current() -> None:
    told = when_pulls_fail(World(replica_set(3)), "ReplicaSet", "web").status
    assert told == ReplicaSetStatus(replicas=3, fully_labeled_replicas=3)


def test_the_first_pod_of_a_stateful_set_counts_without_an_image_and_no_other() -> None:
    told = when_pulls_fail(World(stateful(3)), "StatefulSet", "db").status
    assert isinstance(told, StatefulSetStatus)
    assert (told.replicas, told.current_replicas, told.updated_replicas, told.ready_replicas) == (1, 1, 1, 0)


def test_hosts_of_a_daemon_set_count_without_an_image() -> None:
    told = when_pulls_fail(World(daemon(), hosts=["a", "b"]), "DaemonSet", "log").status
    assert isinstance(told, DaemonSetStatus)
    assert (told.desired_number_scheduled, told.current_number_scheduled, told.updated_number_scheduled) == (2, 2, 2)
    assert (told.number_ready, told.number_unavailable) == (0, 2)


def test_pods_that_a_quota_keeps_out_do_not_count() -> None:
    status = when_pulls_fail(World(deployment(3), quota(pods=1)), "Deployment", "web")
    told = status.status
    assert isinstance(told, DeploymentStatus)
    assert (status.updated, told.replicas, told.updated_replicas) == (1, 1, 1)
