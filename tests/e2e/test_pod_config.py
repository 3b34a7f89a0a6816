"""What a pod spec says, seen from inside its containers on real hosts."""

import base64
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import SLEEP, config_map, container, pod, secret, with_metadata
from tests.login_registry import login_registry

pytestmark = pytest.mark.lab


SECCOMP = "/var/lib/kubelet/seccomp"
"""Where local profiles are looked for."""


class Inside:
    """One running container, looked at from within."""

    def __init__(self, fleet: Fleet, pod_name: str, name: str = "main") -> None:
        (self.found,) = (each for each in fleet.running(f"default/{pod_name}") if each.name == name)
        self.host = fleet.host_of(self.found)

    def run(self, command: str) -> str:
        return containerd.execute(self.host, self.found.id, "sh", "-c", command)

    def read(self, path: str) -> str:
        return self.run(f"cat {path}")

    def status(self) -> dict[str, str]:
        """The first process, as the kernel describes it."""
        lines = (line.split(":", 1) for line in self.read("/proc/1/status").splitlines())
        return {name: value.strip() for name, value in lines}

    def environment(self) -> dict[str, str]:
        return containerd.environment(self.host, self.found.id)

    def cgroup(self, controller: str, file: str, *, of_pod: bool = False) -> str:
        """A setting of the container's cgroup, or of the pod's around it, read on the host."""
        mine = (line.split(":", 2) for line in self.host_side("cgroup").splitlines())
        path = next(where for _, names, where in mine if controller in names.split(","))
        where = path.rpartition("/")[0] if of_pod else path
        return self.host.run(f"cat /sys/fs/cgroup/{controller}{where}/{file}", check=True).stdout.strip()

    def host_side(self, file: str) -> str:
        """A file of the first process in /proc, as the host sees it."""
        pid = self.host.run(f"ctr -n k8s.io tasks ls | awk '$1 == \"{self.found.id}\" {{print $2}}'").stdout.strip()
        return self.host.run(f"cat /proc/{pid}/{file}", check=True).stdout

    def oom_score_adj(self) -> int:
        return int(self.host_side("oom_score_adj"))


def applied(fleet: Fleet, **files: str) -> None:
    fleet.push("pods", **files)
    fleet.apply()
    fleet.assert_in_sync()


def field(path: str) -> dict[str, Any]:
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def resource(name: str, **more: str) -> dict[str, Any]:
    return {"valueFrom": {"resourceFieldRef": {"resource": name, **more}}}


def env(**variables: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any value of a manifest
    return [{"name": name, **(one if isinstance(one, dict) else {"value": one})} for name, one in variables.items()]


_PLAIN = ("PLAIN", "MAP", "TOKEN", "POD", "NODE", "ACCOUNT", "NOTE", "P_COLOUR", "S_token")


def test_the_environment_comes_from_everywhere_that_it_may(fleet: Fleet) -> None:
    told = container(
        envFrom=[
            {"prefix": "P_", "configMapRef": {"name": "settings"}},
            {"prefix": "S_", "secretRef": {"name": "password"}},
            {"configMapRef": {"name": "x", "optional": True}},
            {"secretRef": {"name": "x", "optional": True}},
        ],
        command=[*SLEEP, "$(P_COLOUR)"],
        args=["$(PLAIN)", "$(MISSING)"],
        env=env(
            PLAIN="a $(P_COLOUR) $$(P_COLOUR) $(MISSING)",
            MAP={"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "COLOUR"}}},
            TOKEN={"valueFrom": {"secretKeyRef": {"name": "password", "key": "token"}}},
            NO_MAP={"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "x", "optional": True}}},
            NO_TOKEN={"valueFrom": {"secretKeyRef": {"name": "x", "key": "token", "optional": True}}},
            POD={"valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            NOTE=field("metadata.annotations['example.com/note']"),
            UID=field("metadata.uid"),
            NODE=field("spec.nodeName"),
            ACCOUNT=field("spec.serviceAccountName"),
            IP=field("status.podIP"),
            IPS=field("status.podIPs"),
            HOST=field("status.hostIP"),
            URL="http://$(IP):80/$(TOKEN)",
            MILLIS=resource("limits.cpu", divisor="1m"),
            MEGABYTES=resource("requests.memory", divisor="1Mi"),
            ALL=resource("limits.memory"),
        ),
        resources={"limits": {"cpu": "250m"}, "requests": {"memory": "10Mi"}},
        workingDir="/tmp",
    )
    applied(
        fleet,
        **{
            "all.yaml": with_metadata(
                pod("told", told, serviceAccount="robot", os={"name": "linux"}),
                annotations={"example.com/note": "a = 'b'"},
            ),
            "config.yaml": config_map("settings", COLOUR="red"),
            "secret.yaml": secret("password", token="hunter2"),
        },
    )
    inside = Inside(fleet, "told")
    found = inside.environment()
    ip = inside.run("ip -4 -o addr show dev eth0").split()[3].partition("/")[0]
    host = inside.found.host
    assert {name: found[name] for name in _PLAIN} == {
        "PLAIN": "a red $(P_COLOUR) $(MISSING)",
        "MAP": "red",
        "TOKEN": "hunter2",
        "POD": "told",
        "NODE": host,
        "ACCOUNT": "robot",
        "NOTE": "a = 'b'",
        "P_COLOUR": "red",
        "S_token": "hunter2",
    }
    assert not {"NO_MAP", "NO_TOKEN"} & found.keys()
    assert inside.read("/proc/1/cmdline").split("\0")[3:6] == ["red", "a red $(P_COLOUR) $(MISSING)", "$(MISSING)"]
    assert found["UID"] == inside.found.labels["io.kubernetes.pod.uid"]
    assert found["IP"] == ip
    assert found["IPS"].split(",")[0] == ip
    assert found["URL"] == f"http://{ip}:80/hunter2"
    assert found["HOST"] == fleet.host(host).address
    assert (found["MILLIS"], found["MEGABYTES"]) == ("250", "10")
    assert int(found["ALL"]) // 1024 == int(inside.run("awk '/MemTotal/ {print $2}' /proc/meminfo"))
    assert inside.run("readlink /proc/1/cwd").strip() == "/tmp"


def test_users_groups_and_privileges(fleet: Fleet) -> None:
    context = {
        "runAsUser": 1234,
        "runAsGroup": 2345,
        "fsGroup": 3456,
        "supplementalGroups": [4567],
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    tight = container(
        securityContext={
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        }
    )
    loose = {
        **container(securityContext={"privileged": True, "runAsUser": 0, "runAsNonRoot": False}),
        "name": "loose",
    }
    host = fleet.lab.hosts[0]
    profile = json.dumps(
        {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    )
    host.run(f"mkdir -p {SECCOMP} && printf %s {shlex.quote(profile)} >{SECCOMP}/no-folders.json", check=True)
    fence = {"type": "Localhost", "localhostProfile": "no-folders.json"}
    applied(
        fleet,
        **{
            "tight.yaml": pod("tight", tight, loose, securityContext=context),
            "open.yaml": pod("open", container(securityContext={"procMount": "Default"})),
            "fenced.yaml": pod("fenced", nodeName=host.name, securityContext={"seccompProfile": fence}),
        },
    )
    assert Inside(fleet, "fenced").status()["Seccomp"] == "2"
    assert "refused" in Inside(fleet, "fenced").run("mkdir /tmp/x 2>/dev/null || echo refused")
    inside, seen = Inside(fleet, "tight"), Inside(fleet, "tight").status()
    assert seen["Uid"].split() == ["1234"] * 4
    assert seen["Gid"].split() == ["2345"] * 4
    assert {"3456", "4567"} <= set(seen["Groups"].split())
    assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("1", "2")
    assert int(seen["CapBnd"], 16) == 1 << 10
    assert "no" in inside.run("touch /x 2>/dev/null && echo yes || echo no")
    assert inside.run("head -c 1 /proc/kcore | wc -c").strip() == "0"
    privileged = Inside(fleet, "tight", "loose").status()
    assert privileged["Uid"].split()[0] == "0"
    assert privileged["Seccomp"] == "0"
    assert int(privileged["CapEff"], 16) > 1 << 37
    plain = Inside(fleet, "open").status()
    assert (plain["NoNewPrivs"], plain["Seccomp"]) == ("0", "0")


def test_a_container_that_must_not_be_root_never_runs_as_root(fleet: Fleet) -> None:
    image = fleet.lab.images.build("plain-user", "1", user="1001")
    named = fleet.lab.images.build("named-user", "1", user="nobody")
    strict = {"runAsNonRoot": True}
    fleet.push(
        "strict",
        **{
            "good.yaml": pod("good", container(image=image), securityContext=strict),
            "root.yaml": pod("root", container(), securityContext=strict),
            "named.yaml": pod("named", container(image=named), securityContext=strict),
            "group.yaml": pod("group", container(image=image, securityContext={"runAsGroup": 77})),
        },
    )
    for _ in range(2):  # nor when it is tried again
        said = fleet.apply("--no-wait", check=1).stdout
        assert "container has runAsNonRoot and image will run as root" in said
        assert "image has non-numeric user (nobody)" in said
        assert fleet.pods() == ["default/good", "default/group"]
    assert Inside(fleet, "good").status()["Uid"].split()[0] == "1001"
    group = Inside(fleet, "group").status()
    assert (group["Uid"].split()[0], group["Gid"].split()[0]) == ("1001", "77")


def test_names_and_resolvers(fleet: Fleet) -> None:
    alias = {"ip": "10.1.2.3", "hostnames": ["legacy", "legacy.example.com"]}
    dns = {
        "nameservers": ["10.9.9.9"],
        "searches": ["example.com"],
        "options": [{"name": "ndots", "value": "3"}, {"name": "edns0"}],
    }
    applied(
        fleet,
        **{
            "named.yaml": pod(
                "named", hostname="db", subdomain="shop", hostAliases=[alias], dnsPolicy="None", dnsConfig=dns
            ),
            "full.yaml": pod("full", hostname="db", subdomain="shop", setHostnameAsFQDN=True),
            "plain.yaml": pod("plain"),
            "other.yaml": pod("other", hostnameOverride="box.example.org", subdomain="shop"),
        },
    )
    assert Inside(fleet, "other").run("hostname").strip() == "box.example.org"
    inside = Inside(fleet, "named")
    ip = inside.run("ip -4 -o addr show dev eth0").split()[3].partition("/")[0]
    assert inside.run("hostname").strip() == "db"
    hosts = inside.read("/etc/hosts")
    assert f"{ip}\tdb.shop.default.svc.cluster.local\tdb\n" in hosts
    assert "10.1.2.3\tlegacy\tlegacy.example.com\n" in hosts
    resolv = inside.read("/etc/resolv.conf").splitlines()
    assert {"nameserver 10.9.9.9", "search example.com", "options ndots:3 edns0"} <= set(resolv)
    assert Inside(fleet, "full").run("hostname").strip() == "db.shop.default.svc.cluster.local"
    plain = Inside(fleet, "plain")
    own = plain.run("ip -4 -o addr show dev eth0").split()[3].partition("/")[0]
    assert f"{own}\tplain\n" in plain.read("/etc/hosts")


def test_what_is_shared_with_the_host_and_within_the_pod(fleet: Fleet) -> None:
    two = [container(), {**container(), "name": "other"}]
    applied(
        fleet,
        **{
            "host.yaml": pod(
                "on-host",
                hostNetwork=True,
                hostPID=True,
                hostIPC=True,
                hostAliases=[{"ip": "10.1.2.3", "hostnames": ["legacy"]}],
            ),
            "shared.yaml": pod("shared", *two, shareProcessNamespace=True),
            "apart.yaml": pod(
                "apart",
                *two,
                securityContext={
                    "sysctls": [
                        {"name": "kernel.shm_rmid_forced", "value": "1"},
                        {"name": "net/ipv4/ip_unprivileged_port_start", "value": "80"},
                    ]
                },
            ),
        },
    )
    host = Inside(fleet, "on-host")
    for kind in ("net", "ipc"):
        theirs = host.host.run(f"readlink /proc/self/ns/{kind}", check=True).stdout
        assert host.run(f"readlink /proc/self/ns/{kind}") == theirs
    of_host = host.host.run("cat /etc/hosts", check=True).stdout
    added = "\n\n# Entries added by hostAliases.\n10.1.2.3\tlegacy\n"
    assert host.read("/etc/hosts").endswith(of_host.rstrip() + added)
    assert "containerd" in host.run("cat /proc/[0-9]*/comm 2>/dev/null || true"), (
        "processes may end while they are read"
    )
    together, other = Inside(fleet, "shared"), Inside(fleet, "shared", "other")
    assert together.run("readlink /proc/self/ns/pid") == other.run("readlink /proc/self/ns/pid")
    apart = Inside(fleet, "apart")
    assert apart.read("/proc/sys/kernel/shm_rmid_forced").strip() == "1"
    assert apart.read("/proc/sys/net/ipv4/ip_unprivileged_port_start").strip() == "80"
    assert apart.run("readlink /proc/1/ns/pid") != Inside(fleet, "apart", "other").run("readlink /proc/1/ns/pid")
    assert apart.run("readlink /proc/1/ns/net") == Inside(fleet, "apart", "other").run("readlink /proc/1/ns/net")


def test_limits_of_containers_and_of_their_pod(fleet: Fleet) -> None:
    limits = {"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"cpu": "250m", "memory": "32Mi"}}
    sure = {"limits": {"cpu": "100m", "memory": "32Mi"}}
    third = fleet.lab.hosts[2].name
    fleet.taint(third, "{key: dedicated, value: heavy, effect: NoSchedule}")
    bears = {"key": "dedicated", "operator": "Equal", "value": "heavy", "effect": "NoSchedule"}
    heavy = {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "heavy"},
        "handler": "spare",
        "overhead": {"podFixed": {"memory": "8Mi", "cpu": "10m"}},
        "scheduling": {"nodeSelector": {"kubernetes.io/hostname": third}, "tolerations": [bears]},
    }
    applied(
        fleet,
        **{
            "burst.yaml": pod("burst", container(resources=limits), {**container(resources=limits), "name": "b"}),
            "sure.yaml": pod("sure", container(resources=sure)),
            "none.yaml": pod("none"),
            "whole.yaml": pod("whole", resources={"limits": {"cpu": "300m", "memory": "48Mi"}}),
            "class.yaml": json.dumps(heavy),
            "heavy.yaml": pod("heavy", container(resources=sure), runtimeClassName="heavy"),
        },
    )
    assert Inside(fleet, "whole").cgroup("cpu", "cpu.cfs_quota_us", of_pod=True) == "30000"
    assert Inside(fleet, "whole").cgroup("memory", "memory.limit_in_bytes", of_pod=True) == str(48 << 20)
    assert Inside(fleet, "heavy").host.name == third
    assert Inside(fleet, "heavy").cgroup("memory", "memory.limit_in_bytes", of_pod=True) == str(40 << 20)
    burst = Inside(fleet, "burst")
    assert burst.cgroup("cpu", "cpu.shares") == "256"
    assert burst.cgroup("cpu", "cpu.cfs_quota_us") == "50000"
    assert burst.cgroup("memory", "memory.limit_in_bytes") == str(64 << 20)
    assert burst.cgroup("cpu", "cpu.shares", of_pod=True) == "512"
    assert burst.cgroup("cpu", "cpu.cfs_quota_us", of_pod=True) == "100000"
    assert burst.cgroup("memory", "memory.limit_in_bytes", of_pod=True) == str(128 << 20)
    assert 3 <= burst.oom_score_adj() <= 999
    none = Inside(fleet, "none")
    assert none.cgroup("cpu", "cpu.shares") == "2"
    assert none.oom_score_adj() == 1000
    assert "/trimtab/besteffort/pod" in none.host_side("cgroup")
    assert "/trimtab/burstable/pod" in burst.host_side("cgroup")
    assert "/trimtab/pod" in Inside(fleet, "sure").host_side("cgroup")


def test_terminals(fleet: Fleet) -> None:
    wait = container(command=["sh"], stdin=True, tty=True)
    once = {**container(command=SLEEP, stdin=True, stdinOnce=True), "name": "once"}
    applied(fleet, **{"tty.yaml": pod("tty", wait, once)})
    inside = Inside(fleet, "tty")
    assert inside.run("readlink /proc/1/fd/0").startswith("/dev/pts/")
    assert "pipe" in Inside(fleet, "tty", "once").run("readlink /proc/1/fd/0")


def test_what_a_host_cannot_do_is_refused_with_the_reason(fleet: Fleet) -> None:
    profile = {"appArmorProfile": {"type": "RuntimeDefault"}}
    fleet.push("too much", **{"armed.yaml": pod("armed", securityContext=profile), "fine.yaml": pod("fine")})
    with fleet.agent():
        eventually(lambda: fleet.pods() == ["default/fine"])
        eventually(lambda: "AppArmor is not enabled on host" in fleet.trimtab("status", check=None).stdout)


def test_a_private_registry_opens_to_those_whose_pull_secret_matches(fleet: Fleet, tmp_path: Path) -> None:
    with login_registry(fleet.lab, tmp_path, user="ana", password="hunter2") as private:
        pair = base64.b64encode(b"ana:hunter2").decode()
        wrong = {"username": "ana", "password": "wrong"}
        # Both match; the more particular one is tried first, and not taken.
        config = json.dumps({"auths": {f"{private}/app": wrong, f"http://{private}/v2/": {"auth": pair}}})
        fleet.push(
            "private",
            **{
                "secret.yaml": json.dumps(
                    {
                        "apiVersion": "v1",
                        "kind": "Secret",
                        "metadata": {"name": "pull"},
                        "type": "kubernetes.io/dockerconfigjson",
                        "stringData": {".dockerconfigjson": config},
                    }
                ),
                "mine.yaml": pod("mine", container(image=f"{private}/app:1.0"), imagePullSecrets=[{"name": "pull"}]),
            },
        )
        fleet.apply()
        fleet.assert_in_sync()
        assert fleet.one("default/mine").image == f"{private}/app:1.0"
        host = fleet.host_of(fleet.one("default/mine"))
        assert "hunter2" not in containerd.everything_said(host)
        assert pair not in containerd.everything_said(host)
