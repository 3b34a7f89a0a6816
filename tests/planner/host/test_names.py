"""What a pod calls itself, and how it finds others."""

import pytest

from agent.model.cri import Dns, Mount
from agent.model.etc_hosts import HostsEntry, etc_hosts
from agent.model.objects.pod import DnsConfig, DnsOption, EmptyDirVolume, HostAlias, Volume, VolumeMount
from agent.planner.host import RenderedPod, machine, render_pod
from agent.planner.host.rendering.dns import parse_resolv_conf, pod_dns
from tests.planner.host.build import FACTS, KEY, container, pod

RESOLV = (
    "# by dhcp\nnameserver 10.0.0.1\nnameserver 10.0.0.2 ; second\nsearch lan example.org\noptions ndots:1 rotate\n"
)


def made(**spec: object) -> RenderedPod:
    return render_pod(pod("web", container(), **spec), machine("edge-1", "prod", KEY, FACTS))  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("spec", "hostname", "entry"),
    [
        ({}, "web", HostsEntry(hostname="web")),
        ({"hostname": "db"}, "db", HostsEntry(hostname="db")),
        (
            {"hostname": "db", "subdomain": "shop"},
            "db",
            HostsEntry(hostname="db", domain="shop.default.svc.cluster.local"),
        ),
        (
            {"subdomain": "shop", "set_hostname_as_fqdn": True},
            "web.shop.default.svc.cluster.local",
            HostsEntry(hostname="web", domain="shop.default.svc.cluster.local"),
        ),
        ({"set_hostname_as_fqdn": True}, "web", HostsEntry(hostname="web")),
        (
            {"hostname_override": "box.example.org", "subdomain": "shop"},
            "box.example.org",
            HostsEntry(hostname="box.example.org"),
        ),
        (
            {"host_aliases": (HostAlias(ip="10.0.0.9", hostnames=("a", "b")),)},
            "web",
            HostsEntry(hostname="web", aliases=(("10.0.0.9", ("a", "b")),)),
        ),
        ({"host_network": True}, "", None),
    ],
)
def test_names(spec: dict[str, object], hostname: str, entry: HostsEntry | None) -> None:
    found = made(**spec)
    assert not found.refused
    assert (found.sandbox.hostname, found.etc_hosts) == (hostname, entry)


def test_a_name_that_the_kernel_cannot_hold_is_refused() -> None:
    refused = made(hostname="h" * 40, subdomain="s" * 20, set_hostname_as_fqdn=True).refused
    assert "a hostname at most 64" in refused


def test_the_hosts_file_is_mounted_unless_the_container_brings_its_own() -> None:
    found = made()
    assert found.containers[0].config.mounts == (
        Mount(container_path="/etc/hosts", host_path=f"/var/lib/trimtab/pods/{found.uid}/etc-hosts"),
    )
    own = container(volume_mounts=(VolumeMount(name="v", mount_path="/etc/hosts", sub_path="hosts"),))
    volumes = (Volume(name="v", empty_dir=EmptyDirVolume()),)
    there = render_pod(pod("web", own, volumes=volumes), machine("edge-1", "prod", KEY, FACTS))
    assert ["empty-dir" in mount.host_path for mount in there.containers[0].config.mounts] == [True]
    assert made(host_network=True).containers[0].config.mounts == ()


def test_lines_are_added_to_a_copy_of_the_hosts_own_file() -> None:
    asked = pod("web", container(), host_network=True, host_aliases=(HostAlias(ip="10.0.0.9", hostnames=("a", "b")),))
    facts = FACTS.__class__(etc_hosts="127.0.0.1 localhost box\n")
    found = render_pod(asked, machine("edge-1", "prod", KEY, facts))
    assert found.etc_hosts is not None
    assert etc_hosts(found.etc_hosts, ()).splitlines()[1:] == [
        "127.0.0.1 localhost box",
        "",
        "# Entries added by hostAliases.",
        "10.0.0.9\ta\tb",
    ]
    assert [mount.container_path for mount in found.containers[0].config.mounts] == ["/etc/hosts"]
    unread = render_pod(asked, machine("edge-1", "prod", KEY, FACTS.__class__(etc_hosts=None)))
    assert "hostAliases with hostNetwork: the /etc/hosts of host edge-1 cannot be read" in unread.refused


def dns(policy: str, asked: DnsConfig | None = None) -> Dns | None:
    return pod_dns(pod(dns_policy=policy, dns_config=asked).spec, RESOLV)


@pytest.mark.parametrize("policy", ["ClusterFirst", "ClusterFirstWithHostNet", "Default"])
def test_without_a_wish_the_runtime_copies_the_hosts_configuration(policy: str) -> None:
    assert dns(policy) is None


def test_what_is_asked_for_is_added_to_what_the_host_has() -> None:
    asked = DnsConfig(
        nameservers=("10.9.9.9", "10.0.0.1"),
        searches=("lan", "corp"),
        options=(DnsOption(name="ndots", value="5"), DnsOption(name="edns0")),
    )
    assert dns("Default", asked) == Dns(
        servers=("10.0.0.1", "10.0.0.2", "10.9.9.9"),
        searches=("lan", "example.org", "corp"),
        options=("rotate", "ndots:5", "edns0"),
    )
    assert dns("None", asked) == Dns(
        servers=("10.9.9.9", "10.0.0.1"), searches=("lan", "corp"), options=("ndots:5", "edns0")
    )


def test_what_no_resolver_takes_is_cut() -> None:
    servers = tuple(f"10.0.1.{number}" for number in range(5))
    found = dns("Default", DnsConfig(nameservers=servers, searches=tuple(f"d{n}" for n in range(40))))
    assert found is not None
    assert (len(found.servers), len(found.searches)) == (3, 32)
    long = dns("None", DnsConfig(nameservers=servers, searches=tuple(f"{n}{'x' * 200}" for n in range(20))))
    assert long is not None
    assert len(" ".join(long.searches)) <= 2048
    assert len(long.searches) == 10


def test_a_resolv_conf_is_read_as_the_resolver_does() -> None:
    assert parse_resolv_conf(RESOLV) == Dns(
        servers=("10.0.0.1", "10.0.0.2"), searches=("lan", "example.org"), options=("ndots:1", "rotate")
    )
    assert parse_resolv_conf("search a\nsearch b\nnameserver\n\0garbage") == Dns(searches=("b",))


def test_a_host_whose_resolver_changes_makes_no_pod_anew() -> None:
    asked = pod("web", container(), dns_config=DnsConfig(searches=("corp",)))
    one, other = (
        render_pod(asked, machine("edge-1", "prod", KEY, FACTS.__class__(resolv_conf=text)))
        for text in (RESOLV, "nameserver 10.0.0.7\n")
    )
    assert one.uid == other.uid
    assert one.sandbox.dns != other.sandbox.dns
