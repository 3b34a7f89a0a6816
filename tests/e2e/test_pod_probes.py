"""Probes on real hosts: what a container says of itself decides what becomes of it."""

import json
from typing import Any

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod

pytestmark = pytest.mark.lab

WEB = ["sh", "-c", "mkdir -p /www && echo ok >/www/ready && exec httpd -f -h /www -p 8080"]


def web(path: str = "/ready", **fields: object) -> dict[str, object]:
    """A web server that is ready while /www/ready is there."""
    probe = {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}
    ports = [{"name": "http", "containerPort": 8080}]
    return container(command=WEB, ports=ports, readinessProbe=probe, **fields)


def execs(*command: str, **fields: object) -> dict[str, object]:
    return {"exec": {"command": list(command)}, "periodSeconds": 1, "failureThreshold": 1, **fields}


def status(fleet: Fleet, kind: str, name: str) -> dict[str, Any]:
    objects = fleet.json("status", check=None)["objects"]
    found = [each for each in objects if (each["kind"], each["name"]) == (kind, name)]
    assert len(found) == 1, objects
    return dict(found[0])


def in_container(fleet: Fleet, name: str, *command: str) -> str:
    found = fleet.one(f"default/{name}")
    return containerd.execute(fleet.host_of(found), found.id, *command)


def unhealthy(fleet: Fleet, pod_name: str) -> list[str]:
    """What failing probes of a pod were told as events."""
    events = fleet.json("events")
    return [
        each["message"]
        for each in events
        if each["reason"] == "Unhealthy" and each["object"].startswith(f"Pod default/{pod_name}")
    ]


def test_a_rollout_goes_on_only_when_new_pods_are_ready(fleet: Fleet) -> None:
    bounds = {"maxSurge": 1, "maxUnavailable": 0}
    fleet.push("first", **{"web.yaml": deployment("web", web(), strategy=bounds)})
    with fleet.agent():
        fleet.settle()
        old = {found.id for found in fleet.running("default/web-")}
        assert len(old) == 2
        fleet.push("not ready", **{"web.yaml": deployment("web", web("/missing"), strategy=bounds)})
        # The event tells of the first failure, which may be that the server does not listen yet.
        eventually(lambda: unhealthy(fleet, "web-"))
        eventually(lambda: len(fleet.running("default/web-")) == 3)
        missing = "Readiness probe failed: HTTP probe failed with statuscode: 404"
        eventually(lambda: missing in json.dumps(status(fleet, "Deployment", "web")["pods"]))
        told = status(fleet, "Deployment", "web")
        assert (told["ready"], told["updated"]) == (2, 1)
        assert old < {found.id for found in fleet.running("default/web-")}, "the old ones serve on"
        fleet.push(
            "ready again", **{"web.yaml": deployment("web", web(env=[{"name": "A", "value": "1"}]), strategy=bounds)}
        )
        fleet.settle()
        new = {found.id for found in fleet.running("default/web-")}
        assert len(new) == 2
        assert not new & old
    fleet.assert_in_sync()


def test_readiness_comes_and_goes_without_a_restart(fleet: Fleet) -> None:
    fleet.push("web", **{"web.yaml": pod("web", web())})
    with fleet.agent():
        fleet.settle()
        before = fleet.one("default/web")
        in_container(fleet, "web", "rm", "/www/ready")
        eventually(lambda: status(fleet, "Pod", "web")["phase"] != "Ready")
        (shown,) = status(fleet, "Pod", "web")["pods"]
        assert "Readiness probe failed: HTTP probe failed with statuscode: 404" in shown["message"]
        in_container(fleet, "web", "touch", "/www/ready")
        fleet.settle()
        assert fleet.one("default/web").id == before.id


def test_status_and_diff_without_an_agent_ask_the_container_itself(fleet: Fleet) -> None:
    fleet.push("web", **{"web.yaml": pod("web", web())})
    fleet.apply()
    assert status(fleet, "Pod", "web")["phase"] == "Ready"
    fleet.assert_in_sync()
    in_container(fleet, "web", "rm", "/www/ready")
    assert status(fleet, "Pod", "web")["phase"] != "Ready"
    fleet.assert_in_sync()
    assert fleet.apply("--timeout", "5s", check=1).returncode == 1, "and apply waits for it in vain"


def test_a_failing_liveness_probe_restarts_its_container_only(fleet: Fleet) -> None:
    ill = container(name="ill", livenessProbe=execs("test", "!", "-e", "/ill"))
    fleet.push("pod", **{"pod.yaml": pod("pair", ill, container(name="side"))})
    with fleet.agent():
        fleet.settle()
        before = {found.name: found for found in fleet.running()}
        containerd.execute(fleet.host_of(before["ill"]), before["ill"].id, "touch", "/ill")

        def restarted() -> bool:
            return any(found.name == "ill" and found.id != before["ill"].id for found in fleet.running())

        eventually(restarted)
        fleet.settle()
        after = {found.name: found for found in fleet.running()}
        assert after["ill"].attempt == before["ill"].attempt + 1
        assert after["ill"].sandbox_id == before["ill"].sandbox_id
        assert after["side"].id == before["side"].id
        assert unhealthy(fleet, "pair") == ["ill: Liveness probe failed: command exited with 1"]
    fleet.assert_in_sync()


def test_a_startup_probe_holds_the_others(fleet: Fleet) -> None:
    slow = container(
        startupProbe=execs("test", "-e", "/started", failureThreshold=600),
        livenessProbe=execs("touch", "/lives"),
        readinessProbe=execs("touch", "/ready"),
    )
    fleet.push("slow", **{"slow.yaml": pod("slow", slow)})
    with fleet.agent():
        eventually(lambda: unhealthy(fleet, "slow") == ["main: Startup probe failed: command exited with 1"])
        assert status(fleet, "Pod", "slow")["phase"] != "Ready"
        assert in_container(fleet, "slow", "ls", "/").split().count("lives") == 0
        in_container(fleet, "slow", "touch", "/started")
        fleet.settle()
        assert set(in_container(fleet, "slow", "ls", "/").split()) >= {"lives", "ready"}
    fleet.assert_in_sync()


def test_a_startup_probe_that_fails_for_good_restarts_the_container(fleet: Fleet) -> None:
    never = container(startupProbe=execs("false", failureThreshold=2))
    fleet.push("never", **{"never.yaml": pod("never", never)})
    with fleet.agent():
        eventually(lambda: fleet.one("default/never").attempt >= 1)


def test_probes_that_hang_hold_up_nobody(fleet: Fleet) -> None:
    hangs = [container(name=f"c{number}", readinessProbe=execs("sleep", "1000")) for number in range(3)]
    fleet.push("hangs", **{"hangs.yaml": pod("hangs", *hangs, nodeName="h1")})
    with fleet.agent():
        eventually(lambda: len(unhealthy(fleet, "hangs")) == 3)
        assert set(unhealthy(fleet, "hangs")) == {
            f'c{number}: Readiness probe failed: command "sleep 1000" timed out' for number in range(3)
        }
        fleet.push("more", **{"web.yaml": pod("web", web(), nodeName="h1")})
        eventually(lambda: status(fleet, "Pod", "web")["phase"] == "Ready")
        assert status(fleet, "Pod", "hangs")["phase"] != "Ready"


def test_a_pod_in_the_hosts_network_is_probed_there(fleet: Fleet) -> None:
    fleet.push("web", **{"web.yaml": pod("web", web(), hostNetwork=True)})
    with fleet.agent():
        fleet.settle()
        in_container(fleet, "web", "rm", "/www/ready")
        eventually(lambda: status(fleet, "Pod", "web")["phase"] != "Ready")


def test_an_agent_that_starts_again_finds_pods_ready_and_restarts_nothing(fleet: Fleet) -> None:
    alive = {"tcpSocket": {"port": 8080}, "periodSeconds": 600}
    slow = web(livenessProbe=alive)
    slow["readinessProbe"] = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 600, "failureThreshold": 1}
    fleet.push("web", **{"web.yaml": deployment("web", slow)})
    with fleet.agent():
        eventually(lambda: len(fleet.running()) == 2)
        before = {found.id for found in fleet.running()}
    with fleet.agent():
        fleet.settle()
        assert {found.id for found in fleet.running()} == before
