"""Fields of a pod spec that no other story here is about: published ports, modes and choices of files, exit codes."""

from functools import partial

import pytest

from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import config_map, container, pod, secret
from tests.e2e.test_pod_volumes import with_labels

pytestmark = pytest.mark.lab

WEB = ["sh", "-c", "mkdir -p /www && echo hello >/www/page && exec httpd -f -h /www -p 8080"]


def inside(fleet: Fleet, pod_name: str, command: str) -> str:
    found = fleet.one(f"default/{pod_name}")
    return containerd.execute(fleet.host_of(found), found.id, "sh", "-c", command)


def answers(fleet: Fleet, url: str) -> bool:
    """Tell whether another host gets the page."""
    return fleet.lab.hosts[1].run(f"busybox wget -qO- {url}").stdout == "hello\n"


def test_a_port_of_the_host_leads_to_the_container(fleet: Fleet) -> None:
    host = fleet.lab.hosts[0]
    ports = [{"name": "http", "containerPort": 8080, "hostPort": 18080, "protocol": "TCP"}]
    # Only the host answers at this port, the pod itself does not.
    probe = {"httpGet": {"host": host.address, "port": 18080, "path": "/page"}, "periodSeconds": 1}
    local = [
        {"containerPort": 8080, "hostPort": 18081, "hostIP": host.address},
        {"containerPort": 8080, "hostPort": 18081, "protocol": "UDP"},
    ]
    fleet.push(
        "web",
        **{
            "web.yaml": pod("web", container(command=WEB, ports=ports, readinessProbe=probe), nodeName=host.name),
            "local.yaml": pod("local", container(command=WEB, ports=local), nodeName=host.name),
        },
    )
    fleet.apply()
    for port in (18080, 18081):
        eventually(partial(answers, fleet, f"http://{host.address}:{port}/page"))
    rules = host.run("iptables-save -t nat 2>/dev/null; nft list ruleset 2>/dev/null; true").stdout
    assert any("udp" in line and "18081" in line for line in rules.splitlines()), rules
    fleet.assert_in_sync()


def test_which_keys_become_files_and_with_which_modes(fleet: Fleet) -> None:
    name = {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
    volumes = [
        {"name": "no-map", "configMap": {"name": "gone", "optional": True}},
        {"name": "no-secret", "secret": {"secretName": "gone", "optional": True}},
        {"name": "modes", "configMap": {"name": "app", "defaultMode": 0o440}},
        {"name": "chosen", "secret": {"secretName": "keys", "items": [{"key": "one", "path": "only"}]}},
        {
            "name": "self",
            "downwardAPI": {"defaultMode": 0o400, "items": [name, {**name, "path": "all", "mode": 0o444}]},
        },
        {
            "name": "many",
            "projected": {
                "defaultMode": 0o440,
                "sources": [
                    {"configMap": {"name": "app", "items": [{"key": "b", "path": "deep/b"}]}},
                    {"configMap": {"name": "gone", "optional": True}},
                ],
            },
        },
    ]
    mounts = [{"name": volume["name"], "mountPath": f"/v/{volume['name']}"} for volume in volumes]
    fleet.push(
        "files",
        **{
            "app.yaml": config_map("app", a="1", b="2"),
            "keys.yaml": secret("keys", one="1", two="2"),
            "web.yaml": pod("web", container(volumeMounts=mounts), volumes=volumes),
        },
    )
    fleet.apply()
    assert inside(fleet, "web", "cd /v && ls no-map no-secret").split() == ["no-map:", "no-secret:"]
    assert inside(fleet, "web", "stat -L -c %a /v/modes/a") == "440\n"
    assert inside(fleet, "web", "ls /v/chosen; cat /v/chosen/only") == "only\n1"
    assert inside(fleet, "web", "cd /v/self && stat -L -c '%n %a' *").split("\n")[:2] == ["all 444", "name 400"]
    assert inside(fleet, "web", "cd /v/many && ls && stat -L -c %a deep/b") == "deep\n440\n"
    fleet.assert_in_sync()


def test_tenants_that_keep_apart_share_no_host(fleet: Fleet) -> None:
    """Two hosts are another tenant's, and the third is the fullest: there is nowhere else to go."""
    first, second, third = (host.name for host in fleet.lab.hosts)
    tenants = {"matchExpressions": [{"key": "tenant", "operator": "Exists"}]}
    term = {"labelSelector": tenants, "mismatchLabelKeys": ["tenant"], "topologyKey": "kubernetes.io/hostname"}
    apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    fleet.push(
        "first",
        **{
            "x1.yaml": with_labels(pod("x1", nodeName=first), tenant="x"),
            "x2.yaml": with_labels(pod("x2", nodeName=second), tenant="x"),
            **{f"full{number}.yaml": pod(f"full{number}", nodeName=third) for number in range(3)},
        },
    )
    fleet.apply()
    fleet.push("second", **{"y.yaml": with_labels(pod("y", affinity=apart), tenant="y")})
    fleet.apply()
    assert fleet.one("default/y").host == third
    fleet.push("third", **{"x3.yaml": with_labels(pod("x3", affinity=apart), tenant="x")})
    fleet.apply()
    assert fleet.one("default/x3").host in (first, second)
    fleet.assert_in_sync()
