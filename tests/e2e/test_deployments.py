"""Deployments on real hosts: rollouts that nobody notices, and rollouts that fail."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab.host import LabHost
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment

pytestmark = pytest.mark.lab

SERVE = (
    "mkdir -p /www && echo ok >/www/ready && echo hello >/www/page && httpd -h /www -p 8080; "
    "trap 'exit 0' TERM; while :; do sleep 0.1; done"
)
BALANCER = """
import http.client, json, select, sys, time
served, failed, dark = 0, [], 0

def get(address, path):
    link = http.client.HTTPConnection(address, 8080, timeout=5)
    link.request("GET", path)
    return link.getresponse().read()

def healthy(address):
    try:
        return get(address, "/ready") == b"ok\\n"
    except OSError:
        return False

checked, ready = 0.0, {}
while not select.select([sys.stdin], [], [], 0)[0]:
    if time.monotonic() > checked + 0.3:
        asked = ((one, time.monotonic()) for one in sys.argv[1:])
        ready, checked = {one: at for one, at in asked if healthy(one)}, time.monotonic()
        dark += not ready
    for one, at in ready.items():
        if time.monotonic() > at + 0.7:
            continue  # the machine had no time for the balancer: what it knows is old
        try:
            assert get(one, "/page") == b"hello\\n"
            served += 1
        except (OSError, AssertionError, http.client.HTTPException) as error:
            failed.append(f"{one}: {error!r}")
    print(json.dumps([served, failed, dark]), flush=True)
"""
"""A load balancer and its user, on one of the hosts: a server that said lately it is ready has to answer."""


def server(image: str = "registry/app:1.0", ready: str = "/ready", **fields: object) -> dict[str, object]:
    """A web server that stops being ready before it stops serving."""
    return container(
        image=image,
        command=["sh", "-c", SERVE],
        ports=[{"name": "http", "containerPort": 8080, "hostPort": 8080}],
        readinessProbe={"httpGet": {"path": ready, "port": "http"}, "periodSeconds": 1, "failureThreshold": 1},
        lifecycle={"preStop": {"exec": {"command": ["sh", "-c", "rm /www/ready; sleep 2"]}}},
        **fields,
    )


@contextmanager
def under_load(fleet: Fleet, told: Path) -> Iterator[None]:
    """Ask the servers from a host all the time, and write down how often they answered, failed, and were all away."""
    asker = fleet.lab.hosts[0].init
    assert asker is not None
    # In its network, but not among its files: Python is not there.
    network = ["nsenter", f"--target={asker.pid}", "--net", "--"]
    command = [*network, sys.executable, "-c", BALANCER, *(host.address for host in fleet.lab.hosts)]
    with told.open("wb") as output:
        asking = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE)
        try:
            yield
        finally:
            _, said = asking.communicate(timeout=30)
    assert (asking.returncode, said) == (0, b"")


def answers(told: Path) -> tuple[int, list[str], int]:
    """What was written down last."""
    lines = told.read_text().splitlines()
    served, failed, dark = json.loads(lines[-1]) if lines else (0, [], 0)
    return served, failed, dark


def status(fleet: Fleet) -> dict[str, Any]:
    objects = fleet.json("status", check=None)["objects"]
    return next((dict(each) for each in objects if each["kind"] == "Deployment"), {"phase": "not planned yet"})


def tags(fleet: Fleet, *hosts: LabHost) -> list[str]:
    """The tags of the images that run, on some hosts or on all."""
    names = {host.name for host in hosts or fleet.lab.hosts}
    return [one.image.rsplit(":", 1)[1] for one in fleet.running("default/web-") if one.host in names]


def test_a_rolling_update_under_load_fails_no_request(fleet: Fleet, tmp_path: Path) -> None:
    bounds, told = {"maxSurge": 1, "maxUnavailable": 0}, tmp_path / "told"
    fleet.push("first", **{"web.yaml": deployment("web", server(), strategy=bounds, terminationGracePeriodSeconds=9)})
    with fleet.agent():
        fleet.settle()
        with under_load(fleet, told):
            eventually(lambda: answers(told)[0] > 10)
            newer = deployment("web", server("registry/app:1.1"), strategy=bounds, terminationGracePeriodSeconds=9)
            fleet.push("new image", **{"web.yaml": newer})
            eventually(lambda: tags(fleet) == ["1.1", "1.1"])
            fleet.settle()
    served, failed, dark = answers(told)
    assert (failed, dark) == ([], 0), f"of {served} requests"
    fleet.assert_in_sync()


def test_a_failing_rollout_stops_says_why_and_its_successor_goes_on(fleet: Fleet) -> None:
    bounds = {"maxSurge": 1, "maxUnavailable": 1}
    fleet.push("first", **{"web.yaml": deployment("web", replicas=3, strategy=bounds)})
    agent = fleet.start_agent()
    try:
        fleet.settle()
        old = {one.id for one in fleet.running()}
        failing = container(readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1})
        fleet.push("bad", **{"web.yaml": late(deployment("web", failing, replicas=3, strategy=bounds), seconds=4)})
        eventually(lambda: len(fleet.pods()) == 4 and len(old & {one.id for one in fleet.running()}) == 2)
        agent.kill()
        agent = fleet.start_agent()
        eventually(lambda: status(fleet)["phase"] == "Failed")
        told = status(fleet)
        assert told["reason"] == "ProgressDeadlineExceeded"
        assert "got no further for 4s (spec.progressDeadlineSeconds)" in told["message"]
        assert len(old & {one.id for one in fleet.running()}) == 2, "no more than may be unavailable"
        fleet.push("good", **{"web.yaml": deployment("web", container(image="registry/app:1.1"), replicas=3)})
        fleet.settle()
        assert tags(fleet) == ["1.1"] * 3
    finally:
        agent.stop()
    fleet.assert_in_sync()


def late(manifest: str, *, seconds: int) -> str:
    """Give a Deployment another progress deadline."""
    body = json.loads(manifest)
    body["spec"]["progressDeadlineSeconds"] = seconds
    return json.dumps(body)
