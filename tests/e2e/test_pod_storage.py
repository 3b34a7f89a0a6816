"""Claims on real hosts: data outlives pods, reboots and the removal of its claim, and goes only after its grace."""

import json
import shlex

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod, with_metadata

pytestmark = pytest.mark.lab

VOLUMES = "/var/lib/trimtab/volumes"
DISK = "/var/lib/trimtab/disk"
"""A folder that each host has for itself."""


def _document(kind: str, name: str, api: str = "v1", **fields: object) -> str:
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, **fields}) + "\n"


def storage_class(**fields: object) -> str:
    fields = {"provisioner": "trimtab.dev/local", "volumeBindingMode": "WaitForFirstConsumer", **fields}
    return _document("StorageClass", "local", "storage.k8s.io/v1", **fields)


def claim(name: str = "data", storage_class_name: str = "local", **spec: object) -> str:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": storage_class_name,
        **spec,
    }
    return _document("PersistentVolumeClaim", name, spec=spec)


def persistent_volume(name: str, **spec: object) -> str:
    spec = {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "", **spec}
    return _document("PersistentVolume", name, spec=spec)


def user(name: str, claim_name: str = "data", *, read_only: bool = False, **spec: object) -> str:
    source = {"claimName": claim_name, **({"readOnly": True} if read_only else {})}
    spec["volumes"] = [{"name": "data", "persistentVolumeClaim": source}]
    return pod(name, container(volumeMounts=[{"name": "data", "mountPath": "/data"}]), namespace="default", **spec)


def folders(fleet: Fleet) -> dict[str, list[str]]:
    """Return the volumes that each host has."""
    script = f"ls {VOLUMES} 2>/dev/null | grep -v json || true"
    return {host.name: host.run(script).stdout.split() for host in fleet.lab.hosts}


@pytest.fixture
def stored(fleet: Fleet) -> Fleet:
    """A pod that has written something into the volume of its claim."""
    fleet.configure(prune={"maxFraction": 1.0})
    files = {"class.yaml": storage_class(), "claim.yaml": claim(), "one.yaml": user("one"), "keep.yaml": pod("keep")}
    fleet.push("first", **files)
    fleet.apply()
    _write(fleet, "default/one", "precious")
    fleet.assert_in_sync()
    return fleet


def _write(fleet: Fleet, name: str, text: str) -> None:
    found = fleet.one(name)
    containerd.execute(fleet.host_of(found), found.id, "sh", "-c", f"printf %s {shlex.quote(text)} >/data/file")


def _read(fleet: Fleet, name: str) -> str:
    found = fleet.one(name)
    return containerd.execute(fleet.host_of(found), found.id, "cat", "/data/file")


def test_data_survives_its_pod_and_the_next_one_goes_where_it_is(stored: Fleet) -> None:
    place = stored.one("default/one").host
    stored.remove("one.yaml")
    stored.push("pod removed")
    stored.apply()
    assert [name for name in stored.pods() if name.startswith("default/one")] == []
    stored.push("two pods", **{"two.yaml": user("two"), "three.yaml": user("three")})
    stored.apply()
    assert {stored.one(name).host for name in ("default/two", "default/three")} == {place}
    assert _read(stored, "default/two") == _read(stored, "default/three") == "precious"
    stored.assert_in_sync()


def test_data_survives_a_reboot(stored: Fleet) -> None:
    with stored.agent():
        stored.settle()
        host = stored.host_of(stored.one("default/one"))
        host.reboot()
        eventually(lambda: _read(stored, "default/one") == "precious", within=120)


def test_a_removed_claim_comes_back_with_its_data_even_when_the_memory_is_lost(stored: Fleet) -> None:
    place = stored.one("default/one").host
    stored.remove("one.yaml")
    stored.remove("claim.yaml")
    stored.push("claim removed")
    stored.apply()
    assert len(folders(stored)[place]) == 1
    for file in stored.state.glob("state.json*"):
        file.unlink()
    stored.push("claim again", **{"claim.yaml": claim(), "again.yaml": user("again")})
    stored.apply()
    assert (stored.one("default/again").host, _read(stored, "default/again")) == (place, "precious")
    stored.assert_in_sync()


def test_data_goes_after_the_time_of_grace(stored: Fleet) -> None:
    stored.push(
        "short grace",
        **{"class.yaml": storage_class(reclaimPolicy="Delete", parameters={"retentionAfterRemoval": "2s"})},
    )
    stored.apply()
    with stored.agent():
        stored.settle()
        stored.remove("claim.yaml")
        stored.remove("one.yaml")
        stored.push("claim removed")
        eventually(lambda: not any(folders(stored).values()))
        stored.settle()
    marks = [host.run(f"ls {VOLUMES}").stdout for host in stored.lab.hosts]
    assert not "".join(marks).strip()


def test_data_under_another_root_is_found_again_and_missing_data_is_not_replaced(fleet: Fleet) -> None:
    files = {
        "class.yaml": storage_class(parameters={"root": DISK}),
        "claim.yaml": claim(),
        "one.yaml": user("one"),
    }
    fleet.push("first", **files)
    fleet.apply()
    _write(fleet, "default/one", "precious")
    found = fleet.one("default/one")
    host = fleet.host_of(found)
    fleet.assert_in_sync()
    host.run(f"mv {DISK} {DISK}.away", check=True)
    containerd.stop_sandbox(host, found.sandbox_id)
    containerd.remove_sandbox(host, found.sandbox_id)
    for _ in range(2):  # nor when it is tried again
        assert DISK in fleet.apply("--no-wait", check=1).stdout
        assert host.run(f"ls -d {DISK}*").stdout.split() == [f"{DISK}.away"]
    host.run(f"mv {DISK}.away {DISK}", check=True)
    fleet.apply()
    assert _read(fleet, "default/one") == "precious"


def test_declared_volumes_of_a_host_and_of_a_path(fleet: Fleet) -> None:
    place = fleet.lab.hosts[1]
    place.run(f"mkdir -p {DISK}/local && printf here >{DISK}/local/file")
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [place.name]}]}
    affinity = {"required": {"nodeSelectorTerms": [term]}}
    fleet.push(
        "first",
        **{
            "local.yaml": persistent_volume("on-host", local={"path": f"{DISK}/local"}, nodeAffinity=affinity),
            "path.yaml": persistent_volume(
                "anywhere",
                hostPath={"path": f"{DISK}/path"},
                accessModes=["ReadWriteMany"],
                claimRef={"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "default", "name": "two"},
            ),
            "rival.yaml": persistent_volume(
                "a-rival", hostPath={"path": f"{DISK}/rival"}, accessModes=["ReadWriteOnce", "ReadWriteMany"]
            ),
            "gold.yaml": with_metadata(
                persistent_volume("z-gold", hostPath={"path": f"{DISK}/gold"}), labels={"tier": "gold"}
            ),
            "one.yaml": claim("one", "", volumeName="on-host"),
            "two.yaml": claim("two", "", accessModes=["ReadWriteMany"]),
            "three.yaml": claim("three", "", selector={"matchLabels": {"tier": "gold"}}),
            "first.yaml": user("first", "one"),
            "second.yaml": user("second", "two"),
            "third.yaml": user("third", "three"),
            "reader.yaml": user("reader", "two", read_only=True),
        },
    )
    fleet.apply()
    assert (fleet.one("default/first").host, _read(fleet, "default/first")) == (place.name, "here")
    _write(fleet, "default/second", "made")
    assert fleet.host_of(fleet.one("default/second")).run(f"cat {DISK}/path/file").stdout == "made"
    _write(fleet, "default/third", "gold")
    assert fleet.host_of(fleet.one("default/third")).run(f"cat {DISK}/gold/file").stdout == "gold"
    reader = fleet.one("default/reader")
    tried = containerd.execute(fleet.host_of(reader), reader.id, "sh", "-c", "touch /data/x 2>&1 || echo refused")
    assert tried.endswith("refused\n")
    fleet.assert_in_sync()


def test_ephemeral_volumes_come_and_go(fleet: Fleet) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": "local",
    }
    volumes = [{"name": "data", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}}]
    mounts = [{"name": "data", "mountPath": "/data"}]
    files = {"class.yaml": storage_class(), "keep.yaml": pod("keep")}
    web = deployment("web", container(volumeMounts=mounts), replicas=2, volumes=volumes)
    fleet.push("first", **{**files, "web.yaml": web})
    fleet.apply()
    assert sum(len(found) for found in folders(fleet).values()) == 2
    fleet.push(
        "one less", **{"web.yaml": deployment("web", container(volumeMounts=mounts), replicas=1, volumes=volumes)}
    )
    fleet.apply()
    assert sum(len(found) for found in folders(fleet).values()) == 1
    fleet.assert_in_sync()
