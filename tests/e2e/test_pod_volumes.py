"""Volumes as containers see them: contents, modes, owners, what follows a change and what does not."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.containerd import execute
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import config_map, container, pod, secret

pytestmark = pytest.mark.lab

READER = """
trap 'exit 0' TERM
while :; do
  here=$(readlink /etc/app/..data)
  one=$(cat /etc/app/$here/one 2>/dev/null) && two=$(cat /etc/app/$here/two 2>/dev/null) || continue
  [ "$one" = "$two" ] || echo "$one $two" >>/scratch/mixed
done
"""


def mounted(name: str, path: str, **fields: object) -> dict[str, object]:
    return {"name": name, "mountPath": path, **fields}


def shell(host: LabHost, container_id: str, command: str) -> str:
    return execute(host, container_id, "sh", "-c", command)


def shows(host: LabHost, container_id: str, command: str, expected: str) -> bool:
    return shell(host, container_id, command) == expected


def with_labels(manifest: str, **labels: str) -> str:
    document = json.loads(manifest)
    document["metadata"]["labels"] = labels
    return json.dumps(document) + "\n"


@pytest.fixture
def data(fleet: Fleet) -> Iterator[str]:
    """A folder of h1, with what a pod may ask for and what it must not reach."""
    host = fleet.lab.hosts[0]
    host.run("mkdir -p /srv/data/there && echo hello >/srv/data/there/file && mkfifo /srv/data/pipe", check=True)
    yield "/srv/data"
    host.run("rm -rf /srv/data", check=True)


def test_projected_volumes_show_what_was_asked_for_and_follow_it(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    volumes = [
        {"name": "conf", "configMap": {"name": "app", "items": [{"key": "one", "path": "deep/one", "mode": 0o440}]}},
        {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o400}},
        {
            "name": "self",
            "downwardAPI": {
                "items": [
                    {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                    {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
                    {
                        "path": "memory",
                        "resourceFieldRef": {"containerName": "main", "resource": "limits.memory", "divisor": "1Mi"},
                    },
                ]
            },
        },
        {
            "name": "all",
            "projected": {
                "sources": [
                    {"configMap": {"name": "app"}},
                    {"secret": {"name": "keys", "items": [{"key": "token", "path": "secrets/token"}]}},
                    {"downwardAPI": {"items": [{"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
                    {"secret": {"name": "absent", "optional": True}},
                ]
            },
        },
    ]
    mounts = [
        mounted("conf", "/etc/conf"),
        mounted("keys", "/etc/keys"),
        mounted("self", "/etc/self"),
        mounted("all", "/etc/all"),
        mounted("conf", "/etc/frozen", subPath="deep/one"),
    ]
    web = pod(
        "web",
        container(volumeMounts=mounts, resources={"limits": {"memory": "64Mi"}}),
        nodeName=host.name,
        volumes=volumes,
        securityContext={"fsGroup": 2000},
    )
    files = {"app.yaml": config_map("app", one="1", two="2"), "keys.yaml": secret("keys", token="hunter2")}
    fleet.push("first", **files, **{"web.yaml": with_labels(web, app="web", tier="b")})
    with fleet.agent():
        before = eventually(lambda: fleet.one("default/web"))
        told = shell(
            host,
            before.id,
            "cat /etc/conf/deep/one; echo; cat /etc/keys/token; echo; cat /etc/self/labels; echo; cat /etc/self/name; "
            "echo; cat /etc/self/memory; echo; cat /etc/all/one /etc/all/secrets/token /etc/all/ns; echo; "
            "stat -L -c '%a %u:%g' /etc/conf/deep/one /etc/keys/token",
        )
        assert told.splitlines() == [
            "1",
            "hunter2",
            'app="web"',
            'tier="b"',
            "web",
            "64",
            "1hunter2default",
            "440 0:2000",
            "440 0:2000",
        ]
        assert "tmpfs" in shell(host, before.id, "grep ' /etc/all ' /proc/mounts")
        assert shell(host, before.id, "touch /etc/all/x 2>&1 || echo refused").endswith("refused\n")
        files["app.yaml"] = config_map("app", one="changed", two="2")
        fleet.push("second", **files, **{"web.yaml": with_labels(web, app="web", tier="c")})
        command = "cat /etc/conf/deep/one; cat /etc/all/one; grep tier /etc/self/labels"
        eventually(lambda: shell(host, before.id, command) == 'changedchangedtier="c"\n')
        assert shell(host, before.id, "cat /etc/frozen") == "1"
        fleet.settle()
        assert fleet.one("default/web").id == before.id
    fleet.assert_in_sync()


def test_a_reader_never_sees_a_mixture(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    web = pod(
        "web",
        container(
            command=["sh", "-c", READER], volumeMounts=[mounted("conf", "/etc/app"), mounted("scratch", "/scratch")]
        ),
        nodeName=host.name,
        volumes=[{"name": "conf", "configMap": {"name": "app"}}, {"name": "scratch", "emptyDir": {}}],
    )
    fleet.push("first", **{"app.yaml": config_map("app", one="0", two="0"), "web.yaml": web})
    with fleet.agent():
        reader = eventually(lambda: fleet.one("default/web"))
        for number in map(str, range(1, 6)):
            fleet.push(number, **{"app.yaml": config_map("app", one=number, two=number)})
            eventually(partial(shows, host, reader.id, "cat /etc/app/two", number))
        assert shell(host, reader.id, "cat /scratch/mixed 2>/dev/null || echo never") == "never\n"


def test_scratch_is_shared_has_its_size_and_belongs_to_the_group(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    volumes = [
        {"name": "disk", "emptyDir": {}},
        {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
    user = {"runAsUser": 1000, "runAsGroup": 1000}
    mounts = [
        mounted("disk", "/disk"),
        mounted("memory", "/memory"),
        mounted("disk", "/own", subPathExpr="pods/$(NAME)"),
        mounted("disk", "/seen", readOnly=True),
    ]
    name = {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    fleet.push(
        "first",
        **{
            "web.yaml": pod(
                "web",
                container(volumeMounts=mounts, env=[name], securityContext=user),
                nodeName=host.name,
                volumes=volumes,
                securityContext={"fsGroup": 2000},
            )
        },
    )
    fleet.apply()
    web = fleet.one("default/web")
    told = shell(host, web.id, "stat -c '%a %g' /disk /memory /own; df -k /memory | tail -1")
    assert told.splitlines()[:3] == ["2777 2000", "2777 2000", "2777 2000"]
    assert told.splitlines()[3].split()[1] == "1024"
    shell(host, web.id, "echo mine >/own/file")
    assert shell(host, web.id, "cat /disk/pods/web/file; stat -c %g /own/file") == "mine\n2000\n"
    assert shell(host, web.id, "touch /seen/x 2>&1 || echo refused").endswith("refused\n")
    fleet.assert_in_sync()


def test_paths_of_the_host_are_told_by_their_type(fleet: Fleet, data: str) -> None:
    host = fleet.lab.hosts[0]
    kinds = {
        "made": ("/srv/data/made", "DirectoryOrCreate"),
        "file": ("/srv/data/new.log", "FileOrCreate"),
        "there": (f"{data}/there", "Directory"),
        "null": ("/dev/null", "CharDevice"),
        "socket": ("/run/containerd/containerd.sock", "Socket"),
    }
    volumes = [{"name": name, "hostPath": {"path": path, "type": kind}} for name, (path, kind) in kinds.items()]
    mounts = [mounted(name, f"/host/{name}") for name in kinds]
    mounts.append(mounted("there", "/below", mountPropagation="HostToContainer"))
    missing = [{"name": "gone", "hostPath": {"path": f"{data}/gone", "type": "Directory"}}]
    fleet.push(
        "first",
        **{
            "web.yaml": pod("web", container(volumeMounts=mounts), nodeName=host.name, volumes=volumes),
            "bad.yaml": pod("bad", nodeName=host.name, volumes=missing),
        },
    )
    with fleet.agent():
        web = eventually(lambda: fleet.one("default/web"))
        told = shell(host, web.id, "cd /host; stat -c '%n %F' *; cat there/file").splitlines()
        assert told == [
            "file regular empty file",
            "made directory",
            "null character special file",
            "socket socket",
            "there directory",
            "hello",
        ]
        host.run(
            f"mkdir {data}/there/late && mount -t tmpfs late {data}/there/late && touch {data}/there/late/x", check=True
        )
        assert shell(host, web.id, "ls /below/late; ls /host/there/late") == "x\n"
        host.run(f"umount {data}/there/late", check=True)
        eventually(lambda: "does not exist on the host" in " ".join(fleet.trimtab("status", check=None).stdout.split()))
        assert [one.pod for one in fleet.running()] == ["default/web"]


def test_a_container_cannot_lead_its_sub_path_out_of_the_volume(fleet: Fleet, data: str) -> None:
    host = fleet.lab.hosts[0]
    mounts = [mounted("data", "/all"), mounted("data", "/sub", subPath="sub")]
    volumes = [{"name": "data", "hostPath": {"path": data}}]
    fleet.push("first", **{"web.yaml": pod("web", container(volumeMounts=mounts), nodeName=host.name, volumes=volumes)})
    with fleet.agent():
        web = eventually(lambda: fleet.one("default/web"))
        shell(host, web.id, "rmdir /all/sub && ln -s /etc /all/sub")
        containerd.remove_container(host, web.id)
        eventually(
            lambda: "goes through a link put in its way" in " ".join(fleet.trimtab("status", check=None).stdout.split())
        )
        assert fleet.running() == []
        host.run(f"rm {data}/sub", check=True)
        again = eventually(lambda: fleet.one("default/web"))
        assert shell(host, again.id, "ls -A /sub") == ""
