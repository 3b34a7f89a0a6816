"""Secrets show nowhere, and two agents never fight over a host."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, pod, secret

pytestmark = pytest.mark.lab

MARK = f"marker-{uuid4().hex}"


def _command_lines() -> str:
    """The arguments of every process of this machine, lab hosts included."""
    return "\n".join(_read(process / "cmdline") for process in Path("/proc").glob("[0-9]*"))


def _environments(pid: int) -> str:
    """The environment of a process and of everything that it started."""
    folder = Path(f"/proc/{pid}")
    children = [child for task in folder.glob("task/*/children") for child in _read(task).split()]
    return "\n".join([_read(folder / "environ"), *(_environments(int(child)) for child in children)])


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # ended meanwhile
        return ""


def test_a_secret_shows_nowhere(fleet: Fleet) -> None:
    reading = container(
        command=["sh", "-c", "trap 'exit 0' TERM; unset PASSWORD; while :; do sleep 1; done"],
        env=[{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
        volumeMounts=[{"name": "s", "mountPath": "/etc/s"}],
    )
    files = {
        "one.yaml": pod("one", reading, volumes=[{"name": "s", "secret": {"secretName": "db"}}]),
        "db.yaml": secret("db", password=f"{MARK}-one"),
    }
    fleet.push("first", **files)
    said = [fleet.trimtab("diff", "-o", form, check=1).stdout for form in ("text", "json", "markdown")]
    with fleet.agent() as agent:
        eventually(lambda: fleet.pods() == ["default/one"])
        one = fleet.one("default/one")
        host = fleet.host_of(one)
        assert containerd.execute(host, one.id, "cat", "/etc/s/password") == f"{MARK}-one", "it did arrive"
        fleet.push("rotate", **{"db.yaml": secret("db", password=f"{MARK}-two")})
        eventually(
            lambda: containerd.execute(host, fleet.one("default/one").id, "cat", "/etc/s/password").endswith("two")
        )
        eventually(lambda: fleet.one("default/one").id != one.id)
        fleet.push("break", **{"one.yaml": pod("one", reading, nope=1)})
        eventually(lambda: fleet.json("status")["source"]["refused"])
        for verb in (
            ["status"],
            ["status", "-o", "json"],
            ["events"],
            ["get", "secrets", "-o", "yaml"],
            ["get", "pods", "-o", "yaml"],
            ["doctor"],
        ):
            done = fleet.trimtab(*verb, check=None)
            said += [done.stdout, done.stderr]
        said += [agent.said(), _command_lines(), _environments(agent.pid)]
    said += [path.read_text(errors="replace") for path in sorted(fleet.state.rglob("*")) if path.is_file()]
    said += [containerd.everything_said(host) for host in fleet.lab.hosts]
    assert len("".join(said)) > 1000
    for text in said:
        assert MARK not in text


def test_secrets_are_kept_in_memory_on_the_host_and_only_root_reads_them(fleet: Fleet) -> None:
    mounted = container(volumeMounts=[{"name": "s", "mountPath": "/etc/s"}])
    volumes = [{"name": "s", "secret": {"secretName": "db", "defaultMode": 0o400}}]
    fleet.push("first", **{"one.yaml": pod("one", mounted, volumes=volumes), "db.yaml": secret("db", key=MARK)})
    fleet.apply()
    host = fleet.host_of(fleet.one("default/one"))
    assert host.run(f"grep -rl {MARK} /var/lib/trimtab /var/log /etc /root").stdout == ""
    assert host.run("stat -f -c %T /run/trimtab/pods").stdout.strip() == "tmpfs"
    assert host.run("su -s /bin/sh nobody -c 'ls /run/trimtab/pods'").returncode != 0


def test_a_second_agent_with_the_same_state_directory_is_refused(fleet: Fleet) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    with fleet.agent() as first:
        eventually(lambda: fleet.pods() == ["default/one"])
        second = fleet.trimtab("apply", check=2)
        assert str(first.pid) in second.stderr
        assert fleet.name in second.stderr


def test_another_agent_on_the_same_hosts_is_refused_by_name(fleet: Fleet, tmp_path: Path) -> None:
    fleet.push("first", **{"one.yaml": pod("one")})
    fleet.apply()
    before = fleet.one("default/one")
    (tmp_path / "other").mkdir()
    other = Fleet(fleet.lab, tmp_path / "other", name="intruder")
    other.push("mine now", **{"mine.yaml": pod("mine")})
    for _ in range(2):  # nor is it let in when it asks again
        done = other.apply("--no-wait", check=1)
        assert fleet.name in done.stdout + done.stderr
        assert fleet.one("default/one").id == before.id
        assert "default/mine" not in fleet.pods()
