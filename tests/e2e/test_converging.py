"""A push converges real hosts, and what is there is what was asked for."""

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import config_map, container, deployment, pod, secret

pytestmark = pytest.mark.lab


def test_a_push_converges_the_hosts_and_the_next_plan_is_empty(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=6), "one.yaml": pod("one")})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 7)
        hosts = [c.host for c in fleet.running("default/web-")]
        assert sorted(hosts.count(host.name) for host in fleet.lab.hosts) == [2, 2, 2], "replicas are spread"
        fleet.push("more", **{"web.yaml": deployment("web", replicas=7)})
        eventually(lambda: len(fleet.pods()) == 8)
        fleet.settle()
    fleet.assert_in_sync()


def test_a_new_image_rolls_within_the_bounds(fleet: Fleet) -> None:
    bounds = {"maxSurge": 1, "maxUnavailable": 1}
    fleet.push("first", **{"web.yaml": deployment("web", replicas=4, strategy=bounds)})
    fleet.apply()
    changed = container(image="registry/app:1.1")
    with fleet.agent():
        fleet.push("new image", **{"web.yaml": deployment("web", changed, replicas=4, strategy=bounds)})
        counts: list[int] = []

        def rolled() -> bool:
            seen, again = fleet.running("default/web-"), fleet.running("default/web-")
            if [c.id for c in seen] == [c.id for c in again]:  # hosts are asked in turn: so all were there at once
                counts.append(len(seen))
            return len(seen) == 4 and all(c.image.endswith("app:1.1") for c in seen)

        eventually(rolled)
        fleet.settle()
    assert min(counts) >= 3, "never less than replicas - maxUnavailable"
    assert max(counts) <= 5, "never more than replicas + maxSurge"
    fleet.assert_in_sync()


def test_a_new_image_of_a_pod_restarts_only_its_container(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one", container(), container(name="side"))})
    fleet.apply()
    before = {c.name: c for c in fleet.running()}
    fleet.push("image", **{"one.yaml": pod("one", container(image="registry/app:1.1"), container(name="side"))})
    fleet.apply()
    after = {c.name: c for c in fleet.running()}
    assert after["main"].image.endswith("app:1.1")
    assert after["main"].sandbox_id == before["main"].sandbox_id
    assert after["side"].id == before["side"].id
    fleet.assert_in_sync()


def test_a_config_map_reaches_its_files_in_place(fleet: Fleet) -> None:
    mounted = container(volumeMounts=[{"name": "c", "mountPath": "/etc/site"}])
    volumes = [{"name": "c", "configMap": {"name": "site"}}]
    files = {"one.yaml": pod("one", mounted, volumes=volumes), "site.yaml": config_map("site", title="old", gone="x")}
    fleet.push("first", **files)
    fleet.apply()
    before = fleet.one("default/one")
    host = fleet.host_of(before)
    assert containerd.execute(host, before.id, "cat", "/etc/site/title") == "old"
    with fleet.agent():
        fleet.settle()
        fleet.push("title", **{"site.yaml": config_map("site", title="new", more="y")})
        fleet.settle()
    after = fleet.one("default/one")
    assert after.id == before.id, "not restarted"
    assert containerd.execute(host, after.id, "cat", "/etc/site/title", "/etc/site/more") == "newy"
    assert containerd.execute(host, after.id, "ls", "/etc/site").split() == ["more", "title"]
    fleet.assert_in_sync()


def test_a_secret_read_as_a_variable_rolls_its_pods(fleet: Fleet) -> None:
    reading = container(
        env=[{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
        envFrom=[{"configMapRef": {"name": "settings"}, "prefix": "APP_"}],
    )
    fleet.push(
        "first",
        **{
            "web.yaml": deployment("web", reading, replicas=2),
            "one.yaml": pod("one", reading),
            "db.yaml": secret("db", password="first-pass"),
            "settings.yaml": config_map("settings", MODE="fast"),
        },
    )
    fleet.apply()
    for c in fleet.running():
        environment = containerd.environment(fleet.host_of(c), c.id)
        assert (environment["PASSWORD"], environment["APP_MODE"]) == ("first-pass", "fast")
    fleet.push("rotate", **{"db.yaml": secret("db", password="second-pass")})
    fleet.apply()
    assert len(fleet.pods()) == 3
    for c in fleet.running():
        assert containerd.environment(fleet.host_of(c), c.id)["PASSWORD"] == "second-pass"
    fleet.assert_in_sync()


def test_what_leaves_git_leaves_the_hosts(fleet: Fleet) -> None:
    for name in ("one", "two", "three", "four"):
        fleet.write(f"{name}.yaml", pod(name))
    fleet.push("first")
    fleet.apply()
    fleet.remove("two.yaml")
    fleet.push("without two")
    fleet.apply()
    assert fleet.pods() == ["default/four", "default/one", "default/three"]
    for host in fleet.lab.hosts:
        left = host.run("cd /var/log/pods && ls; cd /var/lib/trimtab/pods 2>/dev/null && ls").stdout
        assert "two" not in left
        assert not [s for s in containerd.sandboxes(host) if s.metadata.name == "two"]
    fleet.assert_in_sync()


def test_git_revert_rolls_back(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=2)})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 2)
        fleet.push("worse", **{"web.yaml": deployment("web", container(image="registry/app:1.1"), replicas=3)})
        eventually(lambda: [c.image[-3:] for c in fleet.running()] == ["1.1"] * 3)
        fleet.git("revert", "--no-edit", "HEAD")
        fleet.git("push", "--quiet", "origin", "HEAD:main")
        eventually(lambda: [c.image[-3:] for c in fleet.running()] == ["1.0"] * 2)
        fleet.settle()
    fleet.assert_in_sync()


def test_the_newest_commit_preempts_one_that_hangs(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=2)})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 2)
        missing = container(image="registry/no-such-image:1")
        fleet.push("typo", **{"web.yaml": deployment("web", missing, replicas=2)})
        eventually(lambda: "no-such-image" in fleet.trimtab("status", check=None).stdout)
        assert len(fleet.pods()) >= 1, "a bad image takes nothing down that the bounds protect"
        fleet.push("fixed", **{"web.yaml": deployment("web", container(image="registry/app:1.1"), replicas=2)})
        eventually(lambda: [c.image[-3:] for c in fleet.running()] == ["1.1"] * 2)
        fleet.settle()
    fleet.assert_in_sync()


def test_apply_does_what_diff_says(fleet: Fleet) -> None:
    def planned() -> set[tuple[str, str, str]]:
        plan = fleet.json("diff", check=None)
        return {(host["name"], action["verb"], action["pod"]) for host in plan["hosts"] for action in host["actions"]}

    def done_since(count: int) -> set[tuple[str, str, str]]:
        events = fleet.json("events")[count:]
        verbs = {
            "Created": "create",
            "Replaced": "replace",
            "Restarted": "restart",
            "Updated": "update",
            "Killed": "remove",
        }
        return {
            (e["host"], verbs[e["reason"]], e["object"].removeprefix("Pod ")) for e in events if e["reason"] in verbs
        }

    revisions = [
        {"web.yaml": deployment("web", replicas=3), "one.yaml": pod("one"), "two.yaml": pod("two")},
        {"web.yaml": deployment("web", container(image="registry/app:1.1"), replicas=4)},
        {"one.yaml": pod("one", hostNetwork=True), "two.yaml": pod("two", container(image="registry/app:1.1"))},
    ]
    for number, files in enumerate(revisions):
        fleet.push(f"revision {number}", **files)
        expected = planned()
        assert expected
        before = len(fleet.json("events"))
        fleet.apply()
        assert done_since(before) == expected
        fleet.assert_in_sync()
