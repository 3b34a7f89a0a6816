"""Hosts go away and come back, agents die, commits are bad: nothing is lost, and it converges."""

import json
import random
import subprocess

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod, with_metadata

pytestmark = pytest.mark.lab

SOON_MISSED = {"connectTimeout": "2s", "keepaliveInterval": "2s"}
"""How hosts are reached where a test waits until one of them is missed."""


def _pinned(fleet: Fleet) -> dict[str, str]:
    return {f"{h.name}.yaml": pod(f"on-{h.name}", nodeName=h.name) for h in fleet.lab.hosts}


def test_a_host_that_is_cut_off_holds_nobody_up_and_converges_on_return(fleet: Fleet) -> None:
    fleet.configure(ssh=SOON_MISSED)
    fleet.push("first", **_pinned(fleet))
    lost, *others = fleet.lab.hosts
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 3)
        before = fleet.one(f"default/on-{lost.name}")
        lost.cut()
        changed = container(image="registry/app:1.1")
        fleet.push(
            "all change", **{f"{h.name}.yaml": pod(f"on-{h.name}", changed, nodeName=h.name) for h in fleet.lab.hosts}
        )
        eventually(lambda: all(fleet.one(f"default/on-{h.name}").image.endswith("1.1") for h in others))
        assert fleet.one(f"default/on-{lost.name}").id == before.id, "what runs there goes on"
        status = eventually(lambda: [h for h in fleet.json("status")["hosts"] if not h["seen"]])
        assert [h["name"] for h in status] == [lost.name]
        lost.mend()
        eventually(lambda: fleet.one(f"default/on-{lost.name}").image.endswith("1.1"))
        fleet.settle()
    fleet.assert_in_sync()


def test_diff_says_which_host_it_could_not_see(fleet: Fleet) -> None:
    fleet.configure(ssh={"connectTimeout": "2s"})
    fleet.push("first", **_pinned(fleet))
    fleet.apply()
    lost = fleet.lab.hosts[0]
    lost.cut()
    done = fleet.trimtab("diff", check=2)
    assert lost.name in done.stdout + done.stderr
    assert "to remove" not in done.stdout or "0 to remove" in done.stdout
    assert "is the machine on" in fleet.trimtab("doctor", lost.name, check=1).stdout
    lost.mend()
    fleet.assert_in_sync()


def test_logs_of_many_pods_do_without_a_host_that_is_cut_off(fleet: Fleet) -> None:
    fleet.configure(ssh={"connectTimeout": "2s"})
    speaking = container(command=["sh", "-c", "trap 'exit 0' TERM; echo hello; while :; do sleep 1; done"])
    many = (
        with_metadata(pod(f"on-{h.name}", speaking, nodeName=h.name), labels={"app": "many"}) for h in fleet.lab.hosts
    )
    fleet.push("first", **{f"{index}.yaml": text for index, text in enumerate(many)})
    fleet.apply()
    lost, *others = fleet.lab.hosts
    lost.cut()
    try:
        done = fleet.trimtab("logs", "-l", "app=many", check=2)
    finally:
        lost.mend()
    assert done.stdout.splitlines() == [f"[pod/on-{host.name}/main] hello" for host in others]
    assert f"{lost.name}: cannot connect" in done.stderr
    assert len(fleet.trimtab("logs", "-l", "app=many").stdout.splitlines()) == 3


def test_containerd_killed_and_started_again(fleet: Fleet) -> None:
    fleet.push("first", **_pinned(fleet))
    host = fleet.lab.hosts[0]
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 3)
        before = fleet.one(f"default/on-{host.name}")
        host.kill("containerd")
        host.start("containerd")
        changed = pod(f"on-{host.name}", container(image="registry/app:1.1"), nodeName=host.name)
        fleet.push("after", **{f"{host.name}.yaml": changed})
        eventually(lambda: fleet.one(f"default/on-{host.name}").image.endswith("1.1"))
        after = fleet.one(f"default/on-{host.name}")
        assert after.sandbox_id == before.sandbox_id, "a restart of containerd is not a reason to start over"
        fleet.settle()
    fleet.assert_in_sync()


def test_a_rebooted_host_runs_its_pods_again(fleet: Fleet) -> None:
    fleet.configure(ssh=SOON_MISSED)
    fleet.push("first", **_pinned(fleet))
    host = fleet.lab.hosts[0]
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 3)
        host.reboot()
        eventually(lambda: len(fleet.pods()) == 3)
        # One sandbox a pod: what the reboot left behind is cleaned up.
        eventually(lambda: len(containerd.sandboxes(host)) == 1)
        fleet.settle()
    fleet.assert_in_sync()


def test_an_agent_killed_twenty_times_in_a_rollout_duplicates_and_loses_nothing(fleet: Fleet) -> None:
    bounds = {"maxSurge": 2, "maxUnavailable": 1}
    fleet.push("first", **{"web.yaml": deployment("web", replicas=6, strategy=bounds), "one.yaml": pod("one")})
    fleet.apply()
    draw = random.Random(20)
    for number in range(20):
        tag = ("1.1", "1.0")[number % 2]
        fleet.push(
            f"kill {number}",
            **{"web.yaml": deployment("web", container(image=f"registry/app:{tag}"), replicas=6, strategy=bounds)},
        )
        agent = fleet.start_agent()
        with pytest.raises(subprocess.TimeoutExpired):  # let it run into the middle of whatever it does
            agent.process.wait(timeout=draw.uniform(0.3, 2.5))
        agent.kill()
        pods = fleet.pods()
        assert len(pods) == len(set(pods)), f"a pod runs twice: {pods}"
        assert len([p for p in pods if p.startswith("default/web-")]) <= 8
        assert len([p for p in pods if p.startswith("default/web-")]) >= 5
        assert "default/one" in pods
    with fleet.agent():
        eventually(lambda: [c.image[-3:] for c in fleet.running("default/web-")] == ["1.0"] * 6)
        eventually(lambda: len(fleet.pods()) == 7)
        fleet.settle()
    fleet.assert_in_sync()


def test_a_bad_commit_is_refused_whole_and_the_last_good_one_stays(fleet: Fleet) -> None:
    good = fleet.push("first", **{"web.yaml": deployment("web", replicas=2), "one.yaml": pod("one")})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 3)
        before = {c.pod: c.id for c in fleet.running()}
        fleet.write("web.yaml", deployment("web", replicas=2).replace('"image"', '"imagee"'))
        fleet.remove("one.yaml")
        bad = fleet.push("typo")
        status = eventually(lambda: (s := fleet.json("status"))["source"]["refused"] and s)
        assert status["source"]["refused"]["revision"] == bad
        assert "web.yaml:1:" in json.dumps(status["source"]["refused"])
        assert "did you mean `image`" in json.dumps(status["source"]["refused"])
        assert status["source"]["inForce"]["revision"] == good
        assert {c.pod: c.id for c in fleet.running()} == before
    with fleet.agent():  # the last good one stays in force across a restart: it still heals
        victim = fleet.one("default/one")
        containerd.kill_process(fleet.host_of(victim), victim.id)
        eventually(lambda: fleet.one("default/one").id != victim.id)
        assert set(fleet.pods()) == set(before)
        fleet.push("mended", **{"web.yaml": deployment("web", replicas=3), "one.yaml": pod("one")})
        eventually(lambda: len(fleet.pods()) == 4)
        fleet.settle()
    fleet.assert_in_sync()


def test_a_commit_that_would_remove_much_is_held_until_approved(fleet: Fleet) -> None:
    for number in range(6):
        fleet.write(f"p{number}.yaml", pod(f"p{number}"))
    fleet.push("first")
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 6)
        for number in range(5):
            fleet.remove(f"p{number}.yaml")
        held = fleet.push("remove most")
        status = eventually(lambda: (s := fleet.json("status"))["source"]["held"] and s)
        assert status["source"]["held"]["revision"] == held
        assert len(fleet.pods()) == 6
        fleet.trimtab("approve", held[:10])
        eventually(lambda: fleet.pods() == ["default/p5"])
        fleet.settle()
    fleet.assert_in_sync()


def test_an_emptied_repository_empties_no_fleet(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one"), "two.yaml": pod("two")})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 2)
        for name in ("one.yaml", "two.yaml"):
            fleet.remove(name)
        fleet.push("all gone, hosts stay")
        eventually(lambda: fleet.json("status")["source"]["held"])
        fleet.git("rm", "-rq", "hosts")
        fleet.git("commit", "--quiet", "--allow-empty", "-m", "nothing at all")
        fleet.git("push", "--quiet", "origin", "HEAD:main")
        eventually(lambda: fleet.json("status")["source"]["refused"])
        assert fleet.pods() == ["default/one", "default/two"]


def test_a_wrong_host_key_is_never_accepted(fleet: Fleet) -> None:
    first, second, *_ = fleet.lab.hosts
    path = fleet.work / "hosts" / f"{first.name}.yaml"
    path.write_text(path.read_text().replace(first.host_key.split()[1], second.host_key.split()[1]))
    fleet.push("wrong key", **_pinned(fleet))
    for _ in range(2):  # nor when it is tried again
        done = fleet.apply("--no-wait", check=1)
        assert "host key" in done.stdout + done.stderr
        assert "SHA256:" in done.stdout + done.stderr
        assert containerd.sandboxes(first) == []
    assert len(fleet.pods()) == 2, "the others go on"
