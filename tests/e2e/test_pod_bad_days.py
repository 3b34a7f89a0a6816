"""Bad days of pods and of the hosts below them: nothing is lost, and `trimtab status` shows the reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import config_map, container, pod
from tests.login_registry import login_registry

pytestmark = pytest.mark.lab


def shows(fleet: Fleet, *words: str) -> str:
    """Wait until status, as a person sees it, says all of these; return it."""

    def said() -> str:
        text = " ".join(fleet.trimtab("status", check=None).stdout.split())
        missing = [word for word in words if word not in text]
        assert not missing, f"{missing} not in: {text}"
        return text

    return eventually(said)


@contextmanager
def laid_over(host: LabHost, mount: str) -> Iterator[None]:
    """Mount something over the folder where trimtab keeps its files on a host."""
    host.run(mount, check=True)
    try:
        yield
    finally:
        host.run("umount /var/lib/trimtab", check=True)


def with_file(name: str, host: str, **fields: object) -> str:
    """A pod that has a file mounted."""
    mounts = [{"name": "site", "mountPath": "/site"}]
    volumes = [{"name": "site", "configMap": {"name": "site"}}]
    return pod(name, container(volumeMounts=mounts, **fields), nodeName=host, volumes=volumes)


def test_a_full_disk_is_named_and_what_runs_goes_on(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    fleet.push("first", **{"old.yaml": pod("old", nodeName=host.name), "site.yaml": config_map("site", index="hello")})
    with fleet.agent():
        before = eventually(lambda: fleet.one("default/old"))
        owner = host.run("cat /var/lib/trimtab/owner.json", check=True).stdout
        with laid_over(host, "mount -t tmpfs -o size=64k small /var/lib/trimtab"):
            host.run("cat >/var/lib/trimtab/owner.json", stdin=owner, check=True)
            host.run("cat /dev/zero >/var/lib/trimtab/full")
            fleet.push("second", **{"new.yaml": with_file("new", host.name)})
            shows(fleet, "No space left on device", "/var/lib/trimtab (small) of the host is full")
            assert fleet.one("default/old").id == before.id
        eventually(lambda: fleet.one("default/new"))
        fleet.settle()
        assert fleet.one("default/old").id == before.id
    fleet.assert_in_sync()


def test_a_file_system_that_turned_read_only_is_named_and_mended(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    fleet.push("first", **{"old.yaml": pod("old", nodeName=host.name), "site.yaml": config_map("site", index="hello")})
    with fleet.agent():
        before = eventually(lambda: fleet.one("default/old"))
        bind = "mount --bind /var/lib/trimtab /var/lib/trimtab && mount -o remount,bind,ro /var/lib/trimtab"
        with laid_over(host, bind):
            fleet.push("second", **{"new.yaml": with_file("new", host.name)})
            shows(fleet, "Read-only file system", "is mounted read-only")
            assert fleet.pods() == ["default/old"]
        eventually(lambda: fleet.one("default/new"))
        fleet.settle()
        assert fleet.one("default/old").id == before.id
    fleet.assert_in_sync()


def test_pulls_that_fail_are_told_apart(fleet: Fleet, tmp_path: Path) -> None:
    host = fleet.lab.hosts[0].name
    with login_registry(fleet.lab, tmp_path, user="ana", password="hunter2") as private, fleet.agent():
        fleet.push(
            "first",
            **{
                "none.yaml": pod("none", container(image="registry/no-such-image:1"), nodeName=host),
                "login.yaml": pod("login", container(image=f"{private}/app:1.0"), nodeName=host),
                "fine.yaml": pod("fine", nodeName=host),
            },
        )
        shows(fleet, "the registry has no such image", "it needs a login: imagePullSecrets")
        eventually(lambda: fleet.pods() == ["default/fine"])
        fleet.lab.stop_registry()
        try:
            fleet.push("second", **{"down.yaml": pod("down", container(image="registry/app:1.1"), nodeName=host)})
            shows(fleet, "the registry cannot be reached from the host")
        finally:
            fleet.lab.start_registry()
        eventually(lambda: fleet.one("default/down"))
    assert "hunter2" not in fleet.trimtab("status", check=None).stdout


def test_a_container_that_crashes_at_once_backs_off_with_its_last_lines(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0].name
    crash = container(command=["sh", "-c", "echo starting; echo cannot open /etc/app.yaml >&2; exit 3"])
    told = container(command=["sh", "-c", "echo no licence >/dev/termination-log; exit 4"])
    with fleet.agent():
        fleet.push(
            "first", **{"crash.yaml": pod("crash", crash, nodeName=host), "told.yaml": pod("told", told, nodeName=host)}
        )
        shows(fleet, "CrashLoopBackOff, exit code 3", "cannot open /etc/app.yaml", "exit code 4", "no licence")
        fleet.push("mended", **{"crash.yaml": pod("crash", nodeName=host), "told.yaml": pod("told", nodeName=host)})
        eventually(lambda: fleet.pods() == ["default/crash", "default/told"])
        fleet.settle()
    fleet.assert_in_sync()


def test_containerd_killed_in_the_middle_of_its_answers_loses_nothing(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    names = [f"p{number}" for number in range(6)]
    fleet.push("first", **{f"{name}.yaml": pod(name, nodeName=host.name) for name in names})
    with fleet.agent():
        for _ in range(3):
            host.kill("containerd")
            host.start("containerd")
            assert fleet.json("status", check=None)["source"]["refused"] is None
        eventually(lambda: fleet.pods() == [f"default/{name}" for name in names])
        before = {one.pod: one.id for one in fleet.running()}
        for _ in range(3):
            host.kill("containerd")
            host.start("containerd")
        fleet.push("one more", **{"q.yaml": pod("q", nodeName=host.name)})
        eventually(lambda: fleet.one("default/q"))
        assert {one.pod: one.id for one in fleet.running() if one.pod != "default/q"} == before
        fleet.settle()
    fleet.assert_in_sync()
    assert len(containerd.sandboxes(host)) == 7


def test_a_start_that_was_cut_off_keeps_no_pod_on_its_host(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    fleet.push("first", **{"web.yaml": pod("web", nodeName=host.name)})
    with fleet.agent():
        before = eventually(lambda: fleet.one("default/web"))
        fleet.settle()
    half = containerd.make_half_started(host, before.sandbox_id, "half", before.image_ref)
    assert half in containerd.tasks(host)
    fleet.push("second", **{"web.yaml": pod("web", nodeName=host.name, hostname="other")})
    with fleet.agent():
        eventually(lambda: fleet.one("default/web").id != before.id)
        fleet.settle()
    after = fleet.one("default/web")
    fleet.assert_in_sync()
    assert [one.id for one in containerd.sandboxes(host)] == [after.sandbox_id]
    assert sorted(containerd.tasks(host)) == sorted([after.id, after.sandbox_id])
