"""What leaves the desired state by itself is seen, named and repaired; what is not ours is left alone."""

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import config_map, container, pod, secret

pytestmark = pytest.mark.lab

FILES = {
    "one.yaml": pod(
        "one",
        container(volumeMounts=[{"name": "c", "mountPath": "/etc/c"}, {"name": "s", "mountPath": "/etc/s"}]),
        volumes=[{"name": "c", "configMap": {"name": "c"}}, {"name": "s", "secret": {"secretName": "s"}}],
    ),
    "two.yaml": pod("two"),
    "c.yaml": config_map("c", key="value"),
    "s.yaml": secret("s", key="hidden-value"),
}


@pytest.fixture
def settled(fleet: Fleet) -> Fleet:
    """A fleet of two pods that has converged."""
    fleet.push("first", **FILES)
    fleet.apply()
    fleet.assert_in_sync()
    return fleet


def _diff_then_heal(fleet: Fleet, *says: str) -> None:
    """The drift is in the plan, by its name; then it is repaired; then the plan is empty."""
    done = fleet.trimtab("diff", check=1)
    for words in says:
        assert words in done.stdout, done.stdout
    fleet.apply()
    fleet.assert_in_sync()


def test_a_killed_container_runs_again_at_once(settled: Fleet) -> None:
    before = settled.one("default/one")
    with settled.agent():
        containerd.kill_process(settled.host_of(before), before.id)
        eventually(lambda: settled.one("default/one").id != before.id)
        after = settled.one("default/one")
        settled.settle()
    assert after.attempt == before.attempt + 1
    assert after.sandbox_id == before.sandbox_id
    settled.assert_in_sync()


def test_a_removed_container(settled: Fleet) -> None:
    before = settled.one("default/one")
    containerd.remove_container(settled.host_of(before), before.id)
    _diff_then_heal(settled, "drift", "default/one")
    assert settled.one("default/one").sandbox_id == before.sandbox_id


def test_a_stopped_sandbox(settled: Fleet) -> None:
    before = settled.one("default/one")
    containerd.stop_sandbox(settled.host_of(before), before.sandbox_id)
    _diff_then_heal(settled, "drift", "default/one")
    assert settled.one("default/one").sandbox_id != before.sandbox_id


def test_a_removed_sandbox(settled: Fleet) -> None:
    before = settled.one("default/one")
    containerd.remove_sandbox(settled.host_of(before), before.sandbox_id)
    _diff_then_heal(settled, "default/one")
    assert settled.one("default/one").sandbox_id != before.sandbox_id


def test_a_container_made_by_hand_inside_our_pod(settled: Fleet) -> None:
    ours = settled.one("default/one")
    host = settled.host_of(ours)
    containerd.make_container(host, ours.sandbox_id, "intruder", f"{settled.lab.registry}/app:1.0")
    _diff_then_heal(settled, "intruder")
    assert settled.one("default/one").id == ours.id, "the pod itself is untouched"


@pytest.mark.parametrize("mount", ["/etc/c", "/etc/s"])
def test_mounted_files_edited_on_the_host(settled: Fleet, mount: str) -> None:
    ours = settled.one("default/one")
    host = settled.host_of(ours)
    kind = {"/etc/c": "configmap", "/etc/s": "secret"}[mount]
    paths = f"/var/lib/trimtab/pods/*/volumes/{kind}/*/..data/key /run/trimtab/pods/*/volumes/{kind}/*/..data/key"
    host.run(f"for f in {paths}; do test ! -e $f || echo by-hand >$f; done", check=True)
    assert "by-hand" in containerd.execute(host, ours.id, "cat", f"{mount}/key"), "the edit reached the container"
    _diff_then_heal(settled, "drift")
    wanted = {"/etc/c": "value", "/etc/s": "hidden-value"}[mount]
    assert containerd.execute(host, ours.id, "cat", f"{mount}/key") == wanted
    assert settled.one("default/one").id == ours.id, "in place"


def test_a_tag_that_moved_restarts_what_always_pulls(fleet: Fleet) -> None:
    fleet.lab.images.build("moving", "latest", files={"/version": "1"})
    moving = container(image="registry/moving:latest", imagePullPolicy="Always")
    still = container(image="registry/moving:latest", imagePullPolicy="IfNotPresent")
    node = fleet.lab.hosts[0].name
    fleet.push("first", **{"a.yaml": pod("a", moving, nodeName=node), "b.yaml": pod("b", still, nodeName=node)})
    fleet.apply()
    before = {c.pod: c for c in fleet.running()}
    fleet.lab.images.build("moving", "latest", files={"/version": "2"})
    containerd.pull(fleet.lab.hosts[0], f"{fleet.lab.registry}/moving:latest")
    _diff_then_heal(fleet, "default/a")
    after = {c.pod: c for c in fleet.running()}
    assert after["default/a"].image_ref != before["default/a"].image_ref
    assert containerd.execute(fleet.lab.hosts[0], after["default/a"].id, "cat", "/version") == "2"
    assert after["default/b"].id == before["default/b"].id


def test_the_agent_asks_the_registry_for_tags_that_moved(fleet: Fleet) -> None:
    fleet.configure(limits={"resync": "2s"})
    fleet.lab.images.build("moving", "stable", files={"/version": "1"})
    fleet.push("first", **{"a.yaml": pod("a", container(image="registry/moving:stable", imagePullPolicy="Always"))})
    with fleet.agent():
        before = eventually(lambda: fleet.one("default/a"))
        fleet.lab.images.build("moving", "stable", files={"/version": "2"})
        eventually(lambda: fleet.one("default/a").image_ref != before.image_ref)
        fleet.settle()
    fleet.assert_in_sync()


def test_a_pod_of_ours_that_belongs_to_no_object_goes_and_foreign_ones_stay(settled: Fleet) -> None:
    host = settled.lab.hosts[0]
    image = f"{settled.lab.registry}/app:1.0"
    orphan = containerd.make_sandbox(
        host,
        "orphan",
        {
            "trimtab.dev/agent": settled.name,
            "io.kubernetes.pod.name": "orphan",
            "io.kubernetes.pod.namespace": "default",
            "io.kubernetes.pod.uid": "by-hand-orphan",
        },
    )
    foreign = containerd.make_sandbox(host, "foreign", {})
    containerd.pull(host, image)
    inside = containerd.make_container(host, foreign, "theirs", image)
    _diff_then_heal(settled, "default/orphan")
    left = {sandbox.id for sandbox in containerd.sandboxes(host)}
    assert orphan not in left
    assert foreign in left
    assert inside in {c.id for c in containerd.running(host)}
