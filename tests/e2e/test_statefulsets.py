"""StatefulSets on real hosts: started in order, each with its own data, and never two of one name."""

import json
from collections.abc import Mapping

import pytest

from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container
from tests.e2e.test_pod_storage import storage_class

pytestmark = pytest.mark.lab

OFF = "  taints: [{key: node.kubernetes.io/out-of-service, value: nodeshutdown, effect: NoExecute}]\n"


def stateful(name: str, main: Mapping[str, object], replicas: int, *, claims: bool = False, **spec: object) -> str:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 2, "containers": [main]},
    }
    body: dict[str, object] = {
        "replicas": replicas,
        "serviceName": name,
        "selector": {"matchLabels": {"app": name}},
        "template": template,
        **spec,
    }
    if claims:
        asked = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
            "storageClassName": "local",
        }
        body["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": asked}]
    document = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": body}
    return json.dumps(document) + "\n"


def database(replicas: int, image: str = "1.0") -> str:
    """Declare a set whose pods have a volume each."""
    mounts = [{"name": "data", "mountPath": "/data"}]
    return stateful("db", container(image=f"registry/app:{image}", volumeMounts=mounts), replicas, claims=True)


def read(fleet: Fleet, name: str) -> str:
    found = fleet.one(name)
    return containerd.execute(fleet.host_of(found), found.id, "cat", "/data/file")


def test_pods_start_in_order_and_keep_their_data_over_an_update_and_over_scaling(fleet: Fleet) -> None:
    fleet.push("first", **{"class.yaml": storage_class(), "db.yaml": database(2)})
    fleet.apply()
    assert fleet.pods() == ["default/db-0", "default/db-1"]
    pods = [fleet.one(f"default/db-{number}") for number in range(2)]
    started = [containerd.started_at(fleet.host_of(one), one.id) for one in pods]
    assert started == sorted(started)
    for one in pods:
        host = fleet.host_of(one)
        assert containerd.execute(host, one.id, "hostname").strip() == one.pod.removeprefix("default/")
        containerd.execute(host, one.id, "sh", "-c", "hostname >/data/file")

    fleet.push("update", **{"db.yaml": database(2, "1.1")})
    fleet.apply()
    after = [fleet.one(f"default/db-{number}") for number in range(2)]
    again = [containerd.started_at(fleet.host_of(one), one.id) for one in after]
    assert again == sorted(again, reverse=True), "the highest first"
    assert {one.image.rpartition(":")[2] for one in after} == {"1.1"}
    assert [one.host for one in after] == [one.host for one in pods]
    assert read(fleet, "default/db-1") == "db-1\n"
    fleet.assert_in_sync()

    fleet.push("fewer", **{"db.yaml": database(1, "1.1")})
    fleet.apply()
    assert fleet.pods() == ["default/db-0"]
    fleet.assert_in_sync()
    fleet.push("as many", **{"db.yaml": database(2, "1.1")})
    fleet.apply()
    assert [read(fleet, f"default/db-{number}") for number in range(2)] == ["db-0\n", "db-1\n"]


def switch_off(host: LabHost) -> None:
    """End all that runs on a host, as its power switch would; what is on its disk stays."""
    for sandbox in containerd.sandboxes(host):
        containerd.remove_sandbox(host, sandbox.id)


def test_a_pod_on_a_host_that_is_cut_off_is_there_once_until_a_person_says_that_the_host_is_off(fleet: Fleet) -> None:
    fleet.configure(ssh={"user": fleet.lab.user, "identityFile": str(fleet.lab.identity_file), "connectTimeout": "2s"})
    free = stateful("free", container(), 3, podManagementPolicy="Parallel")
    one = database(3).replace('"serviceName"', '"podManagementPolicy": "Parallel", "serviceName"')
    fleet.push("first", **{"class.yaml": storage_class(), "db.yaml": one, "free.yaml": free})
    lost = fleet.lab.hosts[1]
    manifest = fleet.work / "hosts" / f"{lost.name}.yaml"
    fleet.apply()
    [moved] = [one for one in fleet.running("default/free") if one.host == lost.name]
    [stuck] = [one for one in fleet.running("default/db") if one.host == lost.name]
    lost.cut()
    # This agent has only the memory of the one before to tell it what may run there.
    with fleet.agent():
        eventually(lambda: f"trimtab host forget {lost.name}" in told(fleet))
        assert [one.id for one in fleet.running(moved.pod)] == [moved.id], "there is no second one"

        switch_off(lost)
        before = manifest.read_text()
        manifest.write_text(before + OFF)
        fleet.push("it is off")
        eventually(lambda: fleet.one(moved.pod).host != lost.name)
        eventually(
            lambda: f"volume of claim data-{stuck.pod.removeprefix('default/')} is on {lost.name}" in told(fleet)
        )
        assert fleet.running(stuck.pod) == []

        lost.mend()
        manifest.write_text(before)
        fleet.push("it is back")
        eventually(lambda: fleet.one(stuck.pod).host == lost.name)
        fleet.settle()
    assert len(fleet.pods()) == len(set(fleet.pods())) == 6


def told(fleet: Fleet) -> str:
    """Return what `status` prints, on one line."""
    return " ".join(fleet.trimtab("status", check=None).stdout.split())
