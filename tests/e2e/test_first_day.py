"""What a user needs on the first day: the verbs, against a real host."""

import re
import urllib.request

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod

pytestmark = pytest.mark.lab


@pytest.fixture
def warm() -> None:
    """Every verb of this file is the installed command itself."""


def test_from_nothing_to_a_first_pod_with_init_and_host_add(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    for path in (fleet.work / "hosts").glob("*.yaml"):
        path.unlink()
    fleet.trimtab("init", "source")
    made = fleet.folder / "source"
    assert {path.name for path in made.iterdir()} >= {"README.md", "hosts", "apps"}
    done = fleet.trimtab(
        "host", "add", f"root@{host.address}", "--port", str(host.port), "--name", "first", "--yes", "--dir", "source"
    )
    assert "SHA256:" in done.stdout + done.stderr
    written = (made / "hosts" / "first.yaml").read_text()
    assert host.host_key.split()[1] in written
    fleet.trimtab("validate", "source")


def test_doctor_finds_healthy_hosts_healthy(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    done = fleet.trimtab("doctor")
    for host in fleet.lab.hosts:
        assert host.name in done.stdout


def test_doctor_says_what_is_wrong_and_what_to_do(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    host = fleet.lab.hosts[0]
    host.stop("containerd")
    try:
        done = fleet.trimtab("doctor", host.name, check=1)
        assert "containerd" in done.stdout
    finally:
        host.start("containerd")


def test_status_and_get_with_and_without_an_agent(fleet: Fleet) -> None:
    revision = fleet.push("first", **{"web.yaml": deployment("web", replicas=2), "one.yaml": pod("one")})
    fleet.apply()
    for look in ("without", "with"):
        process = fleet.start_agent() if look == "with" else None
        try:
            status = eventually(lambda: (s := fleet.json("status", check=None))["converged"] and s)
            assert status["source"]["inForce"]["revision"] == revision
            assert {host["name"] for host in status["hosts"] if host["seen"]} == {h.name for h in fleet.lab.hosts}
            web = next(o for o in status["objects"] if o["kind"] == "Deployment")
            assert (web["phase"], web["ready"], web["wanted"]) == ("Ready", 2, 2)
            listed = fleet.trimtab("get", "pods").stdout
            assert re.search(r"^NAME +READY +STATUS", listed)
            assert re.search(r"^one +1/1 +Running", listed, re.MULTILINE)
            assert "2/2" in fleet.trimtab("get", "deploy", "web").stdout
        finally:
            if process:
                process.stop()


def test_logs_follow_a_container(fleet: Fleet) -> None:
    speaking = container(command=["sh", "-c", "trap 'exit 0' TERM; echo first; echo second; while :; do sleep 1; done"])
    fleet.push("first", **{"one.yaml": pod("one", speaking)})
    fleet.apply()
    eventually(lambda: fleet.trimtab("logs", "one").stdout.split() == ["first", "second"])
    assert fleet.trimtab("logs", "one", "--tail", "1").stdout.split() == ["second"]
    assert fleet.trimtab("logs", "no-such-pod", check=2).stderr


def test_events_tell_what_happened(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    fleet.apply()
    one = fleet.one("default/one")
    containerd.kill_process(fleet.host_of(one), one.id)
    fleet.apply()
    said = fleet.trimtab("events").stdout
    assert "Created" in said
    assert "137" in said, "the reason for the restart is told"


def test_metrics_and_health(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    fleet.configure(metrics={"address": "127.0.0.1", "port": 19550})

    def read(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:19550{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def ready() -> bool:
        try:
            return bool(read("/readyz"))
        except OSError:
            return False

    with fleet.agent():
        eventually(ready)
        eventually(lambda: fleet.pods() == ["default/one"])
        assert read("/healthz")
        victim = fleet.one("default/one")
        containerd.kill_process(fleet.host_of(victim), victim.id)
        eventually(lambda: fleet.one("default/one").id != victim.id)
        eventually(lambda: re.search(r"^trimtab_drift_repaired_total\{.*\} [1-9]", read("/metrics"), re.MULTILINE))
        assert re.search(r"^trimtab_host_seen\{.*\} 1", read("/metrics"), re.MULTILINE)


def test_a_hang_up_reads_the_configuration_again(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    fleet.git("push", "--quiet", "origin", "HEAD:staging")
    with fleet.agent() as agent:
        eventually(lambda: fleet.pods() == ["default/one"])
        fleet.configure(source={"url": str(fleet.bare), "ref": {"branch": "staging"}})
        fleet.write("two.yaml", pod("two"))
        fleet.git("checkout", "-q", "-b", "staging")
        fleet.git("add", "--all")
        fleet.git("commit", "-qm", "two")
        fleet.git("push", "-q", "origin", "HEAD:staging")
        agent.hang_up()
        eventually(lambda: fleet.pods() == ["default/one", "default/two"])
    fleet.assert_in_sync()


def test_a_hang_up_with_a_key_that_is_not_there_keeps_the_configuration_that_runs(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    with fleet.agent() as agent:
        eventually(lambda: fleet.pods() == ["default/one"])
        fleet.configure(ssh={"user": fleet.lab.user, "identityFile": "/nonexistent/key"})
        agent.hang_up()
        eventually(lambda: "there is no file /nonexistent/key" in agent.said())
        fleet.push("second", **{"two.yaml": pod("two")})
        eventually(lambda: fleet.pods() == ["default/one", "default/two"])
        fleet.configure()
