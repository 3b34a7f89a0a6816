"""A host that is cut off for too long, and back: what becomes of the pods of each kind."""

import json
from collections import Counter

import pytest

from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod

pytestmark = pytest.mark.lab

WORKLOADS = {"Deployment": "web", "ReplicaSet": "set", "StatefulSet": "db", "DaemonSet": "log"}


def workload(kind: str, name: str, **spec: object) -> str:
    bears = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
    made = json.loads(deployment(name, container(), replicas=3, tolerations=[{**bears, "tolerationSeconds": 2}]))
    if kind == "DaemonSet":
        del made["spec"]["replicas"], made["spec"]["template"]["spec"]["tolerations"]
    made["spec"] |= spec
    return json.dumps({**made, "kind": kind})


def everything(fleet: Fleet) -> dict[str, str]:
    spread = [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"}]
    files = {f"{name}.yaml": workload(kind, name) for kind, name in WORKLOADS.items()}
    stateful = json.loads(workload("StatefulSet", "db", serviceName="db", podManagementPolicy="Parallel"))
    labels = {"labelSelector": {"matchLabels": {"app": "db"}}}
    stateful["spec"]["template"]["spec"]["topologySpreadConstraints"] = [{**one, **labels} for one in spread]
    return {**files, "db.yaml": json.dumps(stateful), "alone.yaml": pod("alone", nodeName=fleet.lab.hosts[0].name)}


def by_workload(fleet: Fleet) -> Counter[str]:
    """How many containers run of each workload, on all hosts, also on those that nobody reaches."""
    return Counter(one.pod.removeprefix("default/").partition("-")[0] for one in fleet.running())


def test_what_is_interchangeable_is_made_elsewhere_and_given_back_and_the_rest_is_there_once(fleet: Fleet) -> None:
    ssh = {"user": fleet.lab.user, "identityFile": str(fleet.lab.identity_file), "keepaliveInterval": "1s"}
    fleet.configure(ssh={**ssh, "connectTimeout": "2s"})
    fleet.push("first", **everything(fleet))
    lost = fleet.lab.hosts[0]
    agent = fleet.start_agent()
    try:
        fleet.settle()
        before = fleet.running()
        there = {one.id for one in before if one.host == lost.name}
        assert Counter(one.pod.removeprefix("default/").partition("-")[0] for one in before if one.id in there) == {
            "web": 1,
            "set": 1,
            "db": 1,
            "log": 1,
            "alone": 1,
        }
        lost.cut()
        eventually(lambda: by_workload(fleet) == {"web": 4, "set": 4, "db": 3, "log": 3, "alone": 1})
        assert {one.id for one in before} <= {one.id for one in fleet.running()}, "nothing was stopped for it"
        agent.kill()
        lost.mend()
        agent = fleet.start_agent()
        eventually(lambda: by_workload(fleet) == {"web": 3, "set": 3, "db": 3, "log": 3, "alone": 1})
        assert there <= {one.id for one in fleet.running()}, "the oldest placement wins"
        fleet.settle()
    finally:
        agent.stop()
    fleet.assert_in_sync()
