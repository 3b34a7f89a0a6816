"""Cleaning up real hosts: what grows without end does not, and what is needed stays."""

import pytest

from agent.model.labels import PULLED_FILE
from tests.e2e import containerd
from tests.e2e.fleet import NO_PRESSURE, Fleet, eventually
from tests.e2e.manifests import container, pod

pytestmark = pytest.mark.lab

CHATTY = ["sh", "-c", "while :; do head -c 16000 /dev/zero | tr '\\0' x; echo; sleep 0.02; done"]


def images(fleet: Fleet, host: str) -> str:
    return fleet.host(host).run("ctr -n k8s.io images ls -q", check=True).stdout


def test_logs_are_rotated_by_size_and_only_some_are_kept(fleet: Fleet) -> None:
    fleet.configure(cleanup={"interval": "1s", "containerLogMaxSize": "100Ki", "containerLogMaxFiles": 3})
    fleet.push("chatty", **{"a.yaml": pod("chatty", container(command=CHATTY), nodeName="h1")})
    with fleet.agent():
        fleet.settle()
        folder = f"/var/log/pods/default_chatty_*/{'main'}"

        def kept() -> list[str]:
            return fleet.host("h1").run(f"ls {folder}", check=True).stdout.split()

        first = eventually(lambda: kept() if len(kept()) == 3 else None, what="two rotations")
        assert first is not None
        second = eventually(lambda: kept() if kept()[1] != first[1] else None, what="a third rotation")
        assert second is not None
        assert len(second) == 3
        assert second[0] == "0.log"
        assert fleet.trimtab("logs", "chatty", "--tail", "1").stdout.startswith("xxx")


def test_a_host_whose_disk_fills_up_lets_a_pod_go_which_is_made_elsewhere(fleet: Fleet) -> None:
    only_here = {**NO_PRESSURE, "nodefs.available": "10%"}
    fleet.configure(cleanup={"interval": "1s", "evictionHard": only_here, "evictionPressureTransitionPeriod": "1s"})
    host = fleet.host("h1")
    host.run("mkdir -p /var/lib/trimtab && mount -t tmpfs -o size=32m tmpfs /var/lib/trimtab", check=True)
    fill = ["sh", "-c", "head -c 30m /dev/zero >/scratch/big; exec sleep 3600"]
    greedy = container(command=fill, volumeMounts=[{"name": "scratch", "mountPath": "/scratch"}])
    here = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["h1"]}]}
    wish = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": here}]}
    fleet.push(
        "two",
        **{
            "calm.yaml": pod("calm", nodeName="h1"),
            "greedy.yaml": pod(
                "greedy",
                greedy,
                affinity={"nodeAffinity": wish},
                volumes=[{"name": "scratch", "emptyDir": {}}],
                terminationGracePeriodSeconds=0,
            ),
        },
    )
    try:
        with fleet.agent():
            eventually(lambda: "DiskPressure" in fleet.trimtab("get", "hosts").stdout, what="the host's condition")
            eventually(lambda: fleet.one("default/greedy").host != "h1", what="the greedy pod on another host")
            assert fleet.one("default/calm").host == "h1"
            told = [event["message"] for event in fleet.json("events") if event["host"] == "h1"]
            assert any("evicted: nodefs.available is" in message for message in told), told
            assert "MemoryPressure: False" in fleet.trimtab("describe", "host", "h1").stdout
            fleet.settle()
            eventually(lambda: "DiskPressure" not in fleet.trimtab("get", "hosts").stdout, what="the end of it")
    finally:
        containerd.wipe(host)
        host.run("umount -l /var/lib/trimtab")


def test_unused_images_of_ours_go_when_their_disk_is_full(fleet: Fleet) -> None:
    theirs = f"{fleet.lab.registry}/web:1.0"
    containerd.pull(fleet.host("h1"), theirs)
    # What earlier tests left there is nobody's.
    listed = f"ctr -n k8s.io images ls -q | grep {fleet.lab.registry}/app"
    fleet.host("h1").run(f"{listed} | xargs -r ctr -n k8s.io images rm", check=True)
    policy = {"imageGCHighThresholdPercent": 0, "imageGCLowThresholdPercent": 0, "imageMinimumGCAge": "0s"}
    fleet.configure(cleanup={"interval": "1s", **policy})
    fleet.push("one", **{"a.yaml": pod("one", container(image="registry/app:1.0"), nodeName="h1")})
    with fleet.agent():
        fleet.settle()
        fleet.push("newer", **{"a.yaml": pod("one", container(image="registry/app:1.1"), nodeName="h1")})
        fleet.settle()
        old, new = f"{fleet.lab.registry}/app:1.0", f"{fleet.lab.registry}/app:1.1"
        eventually(lambda: old not in images(fleet, "h1"), what="the old image's removal")
        assert new in images(fleet, "h1")
        assert theirs in images(fleet, "h1")
        record = fleet.host("h1").run(f"cat {PULLED_FILE}", check=True).stdout.split()
        assert (old in record, new in record, theirs in record) == (False, True, False)
        told = [event["message"] for event in fleet.json("events") if event["reason"] == "ImageRemoved"]
        assert any(old in message for message in told)
        assert containerd.running(fleet.host("h1"))
