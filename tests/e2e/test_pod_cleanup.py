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


def recorded(fleet: Fleet, *references: str) -> list[bool]:
    """Tell of each image whether it is known as one that trimtab pulled."""
    record = fleet.host("h1").run(f"cat {PULLED_FILE}", check=True).stdout.split()
    return [reference in record for reference in references]


def removals(fleet: Fleet) -> str:
    """What is said of images that were removed."""
    return "\n".join(event["message"] for event in fleet.json("events") if event["reason"] == "ImageRemoved")


def test_logs_are_rotated_by_size_and_only_some_are_kept(fleet: Fleet) -> None:
    fleet.configure(cleanup={"interval": "1s", "containerLogMaxSize": "100Ki", "containerLogMaxFiles": 3})
    fleet.push("chatty", **{"a.yaml": pod("chatty", container(command=CHATTY), nodeName="h1")})
    with fleet.agent():
        fleet.settle()
        folder = f"/var/log/pods/default_chatty_*/{'main'}"

        def kept(oldest_then: str = "") -> list[str]:
            """Return the three files that are kept, once the oldest is another one; in a rotation there are four."""
            names = fleet.host("h1").run(f"ls {folder}", check=True).stdout.split()
            assert len(names) == 3, names
            assert names[1] != oldest_then, names
            return names

        first = eventually(kept, what="two rotations")
        second = eventually(lambda: kept(first[1]), what="a third rotation")
        assert second[0] == "0.log"
        assert fleet.trimtab("logs", "chatty", "--tail", "1").stdout.startswith("xxx")


def test_a_host_whose_disk_fills_up_lets_a_pod_go_which_is_made_elsewhere(fleet: Fleet) -> None:
    only_here = {**NO_PRESSURE, "nodefs.available": "10%"}
    fleet.configure(cleanup={"interval": "1s", "evictionHard": only_here, "evictionPressureTransitionPeriod": "5s"})
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
        eventually(lambda: recorded(fleet, old, new, theirs) == [False, True, False], what="the record of the pulled")
        eventually(lambda: old in removals(fleet), what="the event")
        assert containerd.running(fleet.host("h1"))
