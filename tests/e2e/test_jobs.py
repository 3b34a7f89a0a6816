"""Work that ends, on real hosts: done once, read afterwards, and done as often as it should when a host is lost."""

import time
from typing import Any

import pytest

from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, cron_job, job

pytestmark = pytest.mark.lab

TOLERATIONS = [
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
]


def does(script: str, **fields: object) -> dict[str, object]:
    return container(command=["sh", "-c", script], **fields)


def folder(path: str) -> dict[str, str]:
    return {"path": path, "type": "DirectoryOrCreate"}


def status(fleet: Fleet, name: str, kind: str = "job") -> dict[str, Any]:
    found: dict[str, Any] = fleet.json("get", kind, name).get("status", {})
    return found


def finished(fleet: Fleet, name: str) -> str:
    """Return how a job ended, empty while it has not."""
    told = (one["type"] for one in status(fleet, name).get("conditions", []))
    return next((one for one in told if one in {"Complete", "Failed"}), "")


def logs(fleet: Fleet, pod: str) -> str:
    return fleet.trimtab("logs", pod).stdout


def test_work_is_done_once_and_stays_done(fleet: Fleet) -> None:
    count = "echo x >>/runs/{0}; echo did {0} as $(hostname)"
    runs: dict[str, Any] = {"volumes": [{"name": "runs", "hostPath": folder("/srv/jobs")}]}
    mounts = {"volumeMounts": [{"name": "runs", "mountPath": "/runs"}]}
    for host in fleet.lab.hosts:
        host.run("rm -rf /srv/jobs", check=True)
    fleet.push(
        "work",
        **{
            "once.yaml": job("once", does(count.format("once"), **mounts), **runs),
            "parts.yaml": job(
                "parts",
                does(count.format("part-$JOB_COMPLETION_INDEX"), **mounts),
                work={"completions": 3, "parallelism": 2, "completionMode": "Indexed"},
                **runs,
            ),
        },
    )

    def done() -> list[str]:
        """What was done, on whichever host: a word for each time."""
        written = "cd /srv/jobs 2>/dev/null && for f in *; do sed s,^x,$f, $f; done || true"
        return sorted(name for host in fleet.lab.hosts for name in host.run(written).stdout.split())

    with fleet.agent():
        eventually(lambda: finished(fleet, "once") == finished(fleet, "parts") == "Complete")
        assert status(fleet, "parts")["completedIndexes"] == "0-2"
    once = ["once", "part-0", "part-1", "part-2"]
    assert done() == once
    names = [pod["metadata"]["name"] for pod in fleet.json("get", "pods")["items"]]
    pods = {name.rsplit("-", 2)[0]: name for name in names}
    assert "did once" in logs(fleet, pods["once"])
    assert "did part-1 as parts-1" in logs(fleet, pods["parts-1"])
    with fleet.agent():
        fleet.settle()
    fleet.assert_in_sync()
    assert done() == once, "nothing is done again, by whoever looks next"


def test_a_job_that_loses_its_host_half_way_is_completed_elsewhere_while_time_goes_on(fleet: Fleet) -> None:
    script = "trap 'exit 1' TERM; while [ ! -e /go/now ]; do sleep 0.1; done"
    gate: dict[str, Any] = {"volumes": [{"name": "go", "hostPath": folder("/srv/go")}]}
    mounts = {"volumeMounts": [{"name": "go", "mountPath": "/go"}]}
    for host in fleet.lab.hosts:
        host.run("rm -rf /srv/go", check=True)
    work = {"completions": 2, "parallelism": 2, "completionMode": "Indexed"}
    identity = {"user": fleet.lab.user, "identityFile": str(fleet.lab.identity_file)}
    fleet.configure(ssh={**identity, "connectTimeout": "2s", "keepaliveInterval": "1s"}, prune={"maxFraction": 0.9})
    half = job("half", does(script, **mounts), work=work, tolerations=TOLERATIONS, **gate)
    tick = cron_job("tick", does("echo tick"), schedule="* * * * *", cron={"concurrencyPolicy": "Forbid"})
    fleet.push("work", **{"half.yaml": half, "tick.yaml": tick})
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with fleet.agent():
        eventually(lambda: len(fleet.running("default/half")) == 2)
        lost, other = (fleet.host_of(one) for one in fleet.running("default/half"))
        assert lost.name != other.name
        lost.cut()
        eventually(lambda: status(fleet, "half").get("failed") == 1)
        eventually(lambda: len([one for one in fleet.running("default/half") if one.host != lost.name]) == 2)
        for host in fleet.lab.hosts:
            if host.name != lost.name:
                host.run("touch /srv/go/now", check=True)
        eventually(lambda: status(fleet, "half").get("succeeded") == 2)
        lost.mend()
        eventually(lambda: finished(fleet, "half") == "Complete")
        eventually(lambda: not fleet.running("default/half"))
        eventually(lambda: status(fleet, "tick", "cronjob").get("lastSuccessfulTime", "") > began, within=90)
        ticks = [one for one in fleet.json("get", "jobs")["items"] if one["metadata"]["name"].startswith("tick-")]
        assert all(one["status"].get("succeeded", 0) <= 1 for one in ticks)
        fleet.remove("tick.yaml")
        fleet.push("time stands still")
        fleet.settle()
    told = status(fleet, "half")
    assert (told["succeeded"], told["failed"], told["completedIndexes"]) == (2, 1, "0-1")
    fleet.assert_in_sync()
