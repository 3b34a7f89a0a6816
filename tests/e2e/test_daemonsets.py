"""DaemonSets on real hosts: a pod on each that takes it, changed one host at a time."""

import json

import pytest

from lab.host import LabHost
from tests.e2e.fleet import Fleet
from tests.e2e.manifests import container

pytestmark = pytest.mark.lab


def daemon(image: str = "1.0", **spec: object) -> str:
    template = {
        "metadata": {"labels": {"app": "log"}},
        "spec": {
            "terminationGracePeriodSeconds": 2,
            "containers": [container(image=f"registry/app:{image}")],
            "nodeSelector": {"log": "here"},
        },
    }
    body = {"selector": {"matchLabels": {"app": "log"}}, "template": template, **spec}
    return json.dumps({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "log"}, "spec": body}) + "\n"


def label(fleet: Fleet, host: LabHost, said: str) -> None:
    """Write a host's labels and taints into the working folder."""
    path = fleet.work / "hosts" / f"{host.name}.yaml"
    lines = path.read_text().splitlines()
    lines[2] = f"metadata: {{name: {host.name}, labels: {{log: {said}}}}}"
    path.write_text("\n".join(lines) + "\n")


def test_a_pod_on_each_host_that_takes_it_rolled_one_host_at_a_time(fleet: Fleet) -> None:
    first, second, third = fleet.lab.hosts
    label(fleet, first, "here")
    label(fleet, second, "here")
    fleet.push("two hosts", **{"log.yaml": daemon()})
    fleet.apply()
    assert sorted(one.host for one in fleet.running("default/log")) == [first.name, second.name]
    fleet.assert_in_sync()

    before = {one.host: one.id for one in fleet.running("default/log")}
    label(fleet, first, "elsewhere")
    label(fleet, third, "here")
    fleet.push("another one")
    fleet.apply()
    found = {one.host: one.id for one in fleet.running("default/log")}
    assert sorted(found) == [second.name, third.name]
    assert found[second.name] == before[second.name]

    told = len(fleet.json("events"))
    label(fleet, first, "here")
    fleet.push("a new image on all", **{"log.yaml": daemon("1.1")})
    fleet.apply()
    pods = fleet.running("default/log")
    assert sorted((one.host, one.image.rpartition(":")[2]) for one in pods) == [
        (host.name, "1.1") for host in (first, second, third)
    ]
    assert not set(found.values()) & {one.id for one in pods}
    steps = [(event["reason"], event["host"]) for event in fleet.json("events")[told:]]
    rolled = [step for step in steps if step[0] in {"Killed", "Created"} and step[1] != first.name]
    one, other = rolled[0][1], rolled[-1][1]
    assert rolled == [("Killed", one), ("Created", one), ("Killed", other), ("Created", other)], "one after the other"
    fleet.assert_in_sync()
