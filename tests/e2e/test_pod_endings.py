"""How containers begin and end: in which order, how often, for how long, with which last words, at which size."""

import json
from typing import Any

import pytest

from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import SLEEP, container, pod
from tests.e2e.test_pod_bad_days import shows
from tests.e2e.test_pod_probes import status

pytestmark = pytest.mark.lab

SHARED: dict[str, Any] = {"volumes": [{"name": "log", "emptyDir": {}}]}
MOUNT = [{"name": "log", "mountPath": "/log"}]


def says(name: str, script: str, **fields: object) -> dict[str, object]:
    """A container that writes its name into the pod's log, then runs a script."""
    command = ["sh", "-c", f"echo {name} >>/log/all; {script}"]
    return {**container(command=command, volumeMounts=MOUNT, **fields), "name": name}


def log(fleet: Fleet, name: str) -> list[str]:
    (found,) = (each for each in fleet.running(f"default/{name}") if each.name == "main")
    return containerd.execute(fleet.host_of(found), found.id, "cat", "/log/all").split()


def times(host: LabHost, path: str) -> int:
    """How many lines a file of the host has."""
    return len(host.run(f"cat {path} 2>/dev/null || true").stdout.split())


def test_init_containers_run_one_after_another_and_sidecars_go_on_beside_them(fleet: Fleet) -> None:
    main = says("main", f"exec {SLEEP[0]} -c '{SLEEP[2].replace(chr(39), chr(34))}'")
    init = [says("first", "exit 0"), says("side", "exec sleep 1000", restartPolicy="Always"), says("last", "exit 0")]
    fleet.push("first", **{"web.yaml": pod("web", main, initContainers=init, **SHARED)})
    with fleet.agent():
        eventually(lambda: {each.name for each in fleet.running("default/web")} == {"main", "side"})
        fleet.settle()
    assert log(fleet, "web") == ["first", "side", "last", "main"]
    fleet.assert_in_sync()


def test_policies_and_exit_codes_say_what_comes_back(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    host.run("rm -rf /srv/runs && mkdir -p /srv/runs", check=True)
    volumes = [{"name": "log", "hostPath": {"path": "/srv/runs"}}]

    def runs(name: str, code: int, **fields: object) -> dict[str, object]:
        command = ["sh", "-c", f"echo x >>/log/{name}; sleep 1; exit {code}"]
        return {**container(command=command, volumeMounts=MOUNT, **fields), "name": name}

    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    containers = [
        runs("once", 3),
        runs("again", 3, restartPolicy="OnFailure"),
        runs("right", 0, restartPolicy="OnFailure"),
        runs("rule", 42, restartPolicy="Never", restartPolicyRules=rules),
        runs("other", 43, restartPolicy="Never", restartPolicyRules=rules),
    ]
    every = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]
    together = [
        says("wants", "[ $(grep -c wants /log/all) -gt 1 ] || exit 88; exec sleep 1000", restartPolicy="Never"),
        says("beside", "exec sleep 1000"),
    ]
    together[0]["restartPolicyRules"] = every
    spec: dict[str, Any] = {"restartPolicy": "Never", "volumes": volumes, "nodeName": host.name}
    fleet.push(
        "first",
        **{
            "jobs.yaml": pod("jobs", *containers, **spec),
            "all.yaml": pod("all", *together, initContainers=[says("init", "exit 0")], **spec),
        },
    )
    with fleet.agent():
        eventually(lambda: times(host, "/srv/runs/all") == 6, what="all of the pod twice")
        runs_again = fleet.running("default/all")
        assert sorted(one.name for one in runs_again) == ["beside", "wants"]
        assert len({one.sandbox_id for one in runs_again}) == 1
        eventually(lambda: min(times(host, f"/srv/runs/{name}") for name in ("again", "rule")) > 1)
        assert [times(host, f"/srv/runs/{name}") for name in ("once", "right", "other")] == [1, 1, 1]
    host.run("rm -rf /srv/runs", check=True)


def test_a_pod_that_is_past_its_deadline_is_stopped_and_has_failed(fleet: Fleet) -> None:
    fleet.push("first", **{"late.yaml": pod("late", activeDeadlineSeconds=2)})
    with fleet.agent():
        shows(fleet, "DeadlineExceeded")
        eventually(lambda: fleet.pods() == [])


def test_a_condition_that_nobody_sets_keeps_a_pod_from_being_ready(fleet: Fleet) -> None:
    gates = [{"conditionType": "example.com/announced"}]
    fleet.push("first", **{"gated.yaml": pod("gated", readinessGates=gates)})
    with fleet.agent():
        eventually(lambda: [one["phase"] for one in status(fleet, "Pod", "gated")["pods"]] == ["Running"])
        assert not status(fleet, "Pod", "gated")["pods"][0]["ready"]
        made = fleet.one("default/gated").id
        said = json.loads(pod("gated", readinessGates=gates))
        said["metadata"]["annotations"] = {"conditions.trimtab.dev/example.com_announced": "True"}
        fleet.push("announced", **{"gated.yaml": json.dumps(said)})
        fleet.settle()
        assert status(fleet, "Pod", "gated")["pods"][0]["ready"]
        assert fleet.one("default/gated").id == made


def test_last_words_are_read_from_where_they_are_written(fleet: Fleet) -> None:
    file = container(command=["sh", "-c", "echo out of licences >/dev/last-words; exit 4"])
    ends = container(command=["sh", "-c", "echo no route to db; exit 5"])
    fleet.push(
        "first",
        **{
            "file.yaml": pod("file", {**file, "terminationMessagePath": "/dev/last-words"}),
            "ends.yaml": pod("ends", {**ends, "terminationMessagePolicy": "FallbackToLogsOnError"}),
        },
    )
    with fleet.agent():
        shows(fleet, "out of licences", "no route to db")


def test_limits_change_in_place_unless_the_container_asks_to_be_restarted(fleet: Fleet) -> None:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]

    def sized(cpu: str, memory: str) -> str:
        return pod("web", container(resources={"limits": {"cpu": cpu, "memory": memory}}, resizePolicy=policy))

    fleet.push("first", **{"web.yaml": sized("100m", "32Mi")})
    fleet.apply()
    first = fleet.one("default/web")
    fleet.push("more cpu", **{"web.yaml": sized("200m", "32Mi")})
    fleet.apply()
    assert fleet.one("default/web").id == first.id
    fleet.assert_in_sync()
    fleet.push("more memory", **{"web.yaml": sized("200m", "64Mi")})
    fleet.apply()
    assert fleet.one("default/web").id != first.id
    fleet.assert_in_sync()
