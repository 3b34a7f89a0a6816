"""Other versions of containerd, side by side in one fleet: Debian 13 has 1.7, Debian's testing has 2.x."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from lab import Lab
from tests.e2e import containerd
from tests.e2e.containerd import Running, environment, execute, sandboxes
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import config_map, container, pod, secret
from tests.labs import lab_name

pytestmark = pytest.mark.lab

OLD, NEW = "h1", "h2"
SERVE = ["sh", "-c", "cat /conf/greeting /keys/token >/www/index.html; echo listens; exec httpd -f -h /www -p 8080"]
OTHER = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "other"}, "handler": "spare"}
MEMORY = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"


@pytest.fixture(scope="module")
def releases() -> Iterator[Lab]:
    """One host of each release; that their roots are built once needs Debian's mirror."""
    with Lab.up(hosts=2, name=lab_name("rel"), from_releases=("trixie", "forky")) as lab:
        lab.images.build("site", "1.0", files={"/www/index.html": "from an image\n"})
        yield lab


@pytest.fixture
def fleet(releases: Lab, tmp_path: Path) -> Fleet:
    """A fresh source and state directory on hosts that run nothing."""
    for host in releases.hosts:
        containerd.wipe(host)
    return Fleet(releases, tmp_path)


def whole(host: str, memory: str) -> str:
    """A pod that uses much of what a pod can be."""
    main = container(
        command=SERVE,
        env=[
            {"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "greeting"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        ],
        ports=[{"containerPort": 8080, "hostPort": 18080}],
        resources={"limits": {"cpu": "500m", "memory": memory}},
        startupProbe={"exec": {"command": ["test", "-e", "/www/made"]}, "periodSeconds": 1},
        readinessProbe={"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        volumeMounts=[
            {"name": "conf", "mountPath": "/conf"},
            {"name": "keys", "mountPath": "/keys"},
            {"name": "www", "mountPath": "/www"},
        ],
    )
    first = container(name="first", command=["touch", "/www/made"], volumeMounts=[{"name": "www", "mountPath": "/www"}])
    beside = container(name="beside", restartPolicy="Always", lifecycle={"postStart": {"exec": {"command": ["true"]}}})
    return pod(
        f"web-{host}",
        main,
        initContainers=[beside, first],
        nodeName=host,
        runtimeClassName="other",
        securityContext={"fsGroup": 2000, "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "80"}]},
        volumes=[
            {"name": "conf", "configMap": {"name": "app"}},
            {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o400}},
            {"name": "www", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        ],
    )


def sources(*hosts: str, memory: str = "64Mi") -> dict[str, str]:
    return {
        **{f"{host}.yaml": whole(host, memory) for host in hosts},
        "other.yaml": json.dumps(OTHER),
        "app.yaml": config_map("app", greeting="hello "),
        "keys.yaml": secret("keys", token="hunter2"),
    }


def main_of(fleet: Fleet, host: str) -> Running:
    """The running main container of the pod on a host."""
    found = [one for one in fleet.running(f"default/web-{host}") if one.name == "main"]
    assert len(found) == 1, found
    return found[0]


def runs_again(fleet: Fleet, host: str, killed: Running) -> bool:
    return main_of(fleet, host).attempt == killed.attempt + 1


def page(fleet: Fleet, host: str) -> str:
    """What the host's own port answers."""
    with urlopen(f"http://{fleet.host(host).address}:18080/", timeout=5) as answer:
        return str(answer.read().decode())


def served(fleet: Fleet, host: str) -> bool:
    with suppress(OSError):
        return page(fleet, host) == "hello hunter2"
    return False


def test_the_doctor_names_each_version_and_what_it_can_do(fleet: Fleet) -> None:
    fleet.push("hosts")
    said = fleet.trimtab("doctor").stdout
    old, new = said.split("\nh2\n")
    assert "containerd 1.7." in old
    assert "volumes[].image (needs containerd 2.1)" in " ".join(old.split())
    assert re.search(r"containerd v?2\.", new)
    honoured = next(line for line in new.splitlines() if " honoured " in line)
    assert all(field in honoured for field in ("volumes[].image", "recursiveReadOnly", "hostUsers", "Strict"))
    assert ", 0 warnings" in said


def test_a_pod_of_much_runs_heals_and_changes_on_either(fleet: Fleet) -> None:
    fleet.push("first", **sources(OLD, NEW))
    with fleet.agent():
        for host in (OLD, NEW):
            eventually(partial(served, fleet, host))
        fleet.settle()
        before = {host: main_of(fleet, host) for host in (OLD, NEW)}
        assert {sandbox.runtime_handler for host in fleet.lab.hosts for sandbox in sandboxes(host)} == {"spare"}
        for host, web in before.items():
            assert fleet.trimtab("exec", f"web-{host}", "--", "cat", "/keys/token").stdout == "hunter2"
            assert fleet.trimtab("logs", f"web-{host}").stdout == "listens\n"
            assert environment(fleet.host(host), web.id)["GREETING"] == "hello "
            assert execute(fleet.host(host), web.id, "sh", "-c", "stat -L -c '%a %g' /keys/token") == "440 2000\n"
            containerd.kill_process(fleet.host(host), web.id)
        for host, web in before.items():
            eventually(partial(runs_again, fleet, host, web))
        fleet.settle()
        healed = {host: main_of(fleet, host).id for host in (OLD, NEW)}
        fleet.push("more memory", **sources(OLD, NEW, memory="96Mi"))
        fleet.settle()
        for host, web_id in healed.items():
            assert main_of(fleet, host).id == web_id, "changed in place"
            assert execute(fleet.host(host), web_id, "sh", "-c", MEMORY).strip() == str(96 << 20)
            fleet.host(host).kill("containerd")
            fleet.host(host).start("containerd")
        assert [main_of(fleet, host).id for host in healed] == list(healed.values()), "containers outlive containerd"
    fleet.assert_in_sync()


def newer(host: str) -> dict[str, str]:
    """Pods that each want what only a newer containerd can do."""
    site = {"name": "site", "image": {"reference": "registry/site:1.0"}}
    data = {"name": "data", "hostPath": {"path": "/srv/data"}}
    scratch = {"name": "scratch", "emptyDir": {}}
    conf = {"name": "conf", "configMap": {"name": "app"}}
    read_only = {"name": "data", "mountPath": "/data", "readOnly": True, "recursiveReadOnly": "Enabled"}
    if_possible = {"name": "data", "mountPath": "/maybe", "readOnly": True, "recursiveReadOnly": "IfPossible"}
    mapped = [{"name": "scratch", "mountPath": "/scratch"}, {"name": "conf", "mountPath": "/conf"}]
    image = [{"name": "site", "mountPath": "/site"}]
    strict = {"supplementalGroupsPolicy": "Strict", "supplementalGroups": [4000], "runAsUser": 1000}
    pods = {
        "image": pod(f"image-{host}", container(volumeMounts=image), nodeName=host, volumes=[site]),
        "below": pod(f"below-{host}", container(volumeMounts=[read_only]), nodeName=host, volumes=[data]),
        "maybe": pod(f"maybe-{host}", container(volumeMounts=[if_possible]), nodeName=host, volumes=[data]),
        "groups": pod(f"groups-{host}", nodeName=host, securityContext=strict),
        "mapped": pod(
            f"mapped-{host}",
            container(volumeMounts=mapped + image if host == NEW else mapped),
            nodeName=host,
            hostUsers=False,
            volumes=[scratch, conf, site],
        ),
    }
    if host == NEW:
        pods["spare"] = pod(
            "spare-h2", container(volumeMounts=[if_possible]), runtimeClassName="other", nodeName=host, volumes=[data]
        )
        pods["barred"] = pod("barred-h2", runtimeClassName="other", hostUsers=False, nodeName=host)
    return {f"{name}-{host}.yaml": text for name, text in pods.items()}


REASONS = (
    "image-h1 waits: volume site: ",
    "below-h1 waits: recursiveReadOnly of /data: needs containerd 2.0 or newer on the host",
    "groups-h1 waits: supplementalGroupsPolicy Strict: containerd on host h1 does not know it (2.0 does)",
    "mapped-h1 waits: hostUsers false: containerd on host h1 cannot map users (2.0 can)",
    "barred-h2 waits: hostUsers false: runtime spare of containerd on host h2 cannot map users",
)


@pytest.fixture
def data(fleet: Fleet) -> Iterator[None]:
    """A folder on each host with something mounted below it."""
    for host in fleet.lab.hosts:
        host.run("mkdir -p /srv/data/below && mount -t tmpfs below /srv/data/below", check=True)
    yield
    for host in fleet.lab.hosts:
        host.run("umount /srv/data/below && rm -r /srv/data", check=True)


@pytest.mark.usefixtures("data")
def test_what_a_version_brought_is_honoured_there_and_refused_before(fleet: Fleet) -> None:
    beside = {"app.yaml": config_map("app", one="1"), "other.yaml": json.dumps(OTHER)}
    fleet.push("first", **newer(OLD), **newer(NEW), **beside)
    names = ("below-h2", "groups-h2", "image-h2", "mapped-h2", "maybe-h1", "maybe-h2", "spare-h2")
    wanted = [f"default/{name}" for name in names]
    with fleet.agent():
        eventually(lambda: fleet.pods() == wanted)
        said = " ".join(fleet.trimtab("status", check=None).stdout.split())
    assert [reason for reason in REASONS if reason not in said] == [], said

    def shell(name: str, command: str) -> str:
        one = fleet.one(f"default/{name}")
        return execute(fleet.host_of(one), one.id, "sh", "-c", command)

    assert shell("image-h2", "cat /site/www/index.html; touch /site/x 2>&1 || true").startswith(
        "from an image\ntouch: "
    )
    assert "Read-only" in shell("below-h2", "touch /data/below/x 2>&1 || true")
    assert "Read-only" in shell("maybe-h2", "touch /maybe/below/x 2>&1 || true")
    assert shell("maybe-h1", "touch /maybe/below/x && echo as before") == "as before\n"
    assert shell("spare-h2", "touch /maybe/below/x && echo its runtime cannot") == "its runtime cannot\n"
    assert shell("groups-h2", "id -G") == "1000 4000\n"
    first, outside, length = shell("mapped-h2", "cat /proc/self/uid_map").split()
    assert (first, length) == ("0", "65536")
    assert int(outside) >= 65536
    assert shell("mapped-h2", "touch /scratch/x && stat -c %u /scratch/x; cat /conf/one") == "0\n1"
    assert shell("mapped-h2", "cat /site/www/index.html") == "from an image\n"
    fleet.assert_in_sync()


def test_pods_that_run_while_containerd_is_upgraded_have_not_drifted(releases: Lab, tmp_path: Path) -> None:
    with Lab.up(hosts=1, name=f"{releases.name[:7]}u", from_releases=("trixie",)) as lab:
        fleet, host = Fleet(lab, tmp_path), lab.host(OLD)
        fleet.push("first", **sources(OLD))
        fleet.apply()
        before = fleet.running()
        host.stop("containerd")
        for program in ("containerd", "containerd-shim-runc-v2"):
            shutil.copy(f"{releases.host(NEW).root}/usr/bin/{program}", host.data / "root" / program)
            host.run(f"mount --bind /root/{program} /usr/bin/{program}", check=True)
        host.start("containerd")
        assert re.search(r"Server:\s+Version:\s+v?2\.", host.run("ctr version").stdout)
        fleet.assert_in_sync()
        assert fleet.running() == before
        containerd.kill_process(host, main_of(fleet, OLD).id)
        fleet.apply()
        fleet.assert_in_sync()
