import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.hosts.look import facts
from agent.model.files import FileSeen
from agent.ports import Permanent, Temporary

SOCKET = "/run/containerd/containerd.sock"
SUM = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

# As a host printed it.
RECORDED = (
    b"date 1795223652.610233800\0boot eec366de-326d-4b41-9bfb-0fcb190d73ef\0cpus 4\0memory 8046172\0"
    b'owner {"agent":"prod","key":"00","version":1}\0'
    b"pod b0d7\0pod a1c2\0pod a1c2\0"
    b"link /var/lib/trimtab/pods/a1c2/volumes/configmap/site/..data\0to ..3f9a\0"
    b"file 644 /var/lib/trimtab/pods/a1c2/volumes/configmap/site/..3f9a/odd\nname\0"
    b"file 4755 /run/trimtab/pods/a1c2/volumes/secret/key/big\0"
    b"sums\0" + SUM.encode() + b"  /var/lib/trimtab/pods/a1c2/volumes/configmap/site/..3f9a/odd\nname\0end\0"
)


def parse(output: bytes, socket_path: str = SOCKET) -> facts.HostFacts:
    return facts.parse(output, host="edge-1", socket_path=socket_path)


def test_recorded_output_is_read() -> None:
    told = parse(RECORDED)
    assert told.date == pytest.approx(1795223652.6102338)
    assert told.boot_id == "eec366de-326d-4b41-9bfb-0fcb190d73ef"
    assert (told.machine.cpus, told.machine.memory_bytes) == (4, 8046172 * 1024)
    assert told.owner == '{"agent":"prod","key":"00","version":1}'
    assert told.pod_dirs == ("a1c2", "b0d7")
    assert told.files == {
        "/run/trimtab/pods/a1c2/volumes/secret/key/big": FileSeen(mode=0o4755),
        "/var/lib/trimtab/pods/a1c2/volumes/configmap/site/..3f9a/odd\nname": FileSeen(sha256=SUM, mode=0o644),
        "/var/lib/trimtab/pods/a1c2/volumes/configmap/site/..data": FileSeen(link="..3f9a"),
    }
    assert told.machine.kubelet == ""


def test_the_fleets_key_does_not_show() -> None:
    assert "00" not in repr(parse(b'owner {"agent":"prod","key":"00"}\0end\0'))


# Names and targets that a container's owner, or an attacker, could have chosen.
TRICKY = RECORDED.replace(b"to ..3f9a\0", b"to end\0").replace(b"/big\0", b"/end\0").replace(b"pod b0d7", b"pod end")


@pytest.mark.parametrize("whole", [RECORDED, TRICKY])
def test_cut_short_at_any_byte_is_not_taken_for_a_host_with_less(whole: bytes) -> None:
    parse(whole)
    for length in range(len(whole)):
        with pytest.raises(Temporary, match=r"edge-1: .* cut short"):
            parse(whole[:length])


ENTRY = st.tuples(
    st.sampled_from(
        [b"date", b"cpus", b"memory", b"file", b"link", b"mount", b"sums", b"hugepages", b"address", b"end"]
    ),
    st.binary(max_size=20),
).map(b" ".join)


@given(st.lists(ENTRY, max_size=6).map(b"\0".join))
def test_nonsense_is_an_error_of_the_port_or_read(output: bytes) -> None:
    for ending in (b"", b"end\0", b"\0end\0"):
        with suppress(Temporary, Permanent):
            parse(output + ending)


@pytest.mark.parametrize("entry", [b"date today", b"cpus many", b"file rw- /x", b"file 999 /x"])
def test_an_entry_that_makes_no_sense_is_said(entry: bytes) -> None:
    with pytest.raises(Temporary, match="cannot be read"):
        parse(entry + b"\0end\0")


def test_missing_rights_are_said() -> None:
    with pytest.raises(Permanent, match="may not read /var/lib/trimtab/pods") as raised:
        parse(b"cpus 2\0denied /var/lib/trimtab/pods\0end\0")
    assert "become: sudo" in raised.value.hint


@pytest.mark.parametrize(
    ("entries", "socket_path", "refused"),
    [
        (b"kubelet /usr/bin/kubelet --config=/var/lib/kubelet/config.yaml \0", SOCKET, True),
        (b"kubelet /usr/bin/kubelet \0kubelet-endpoint unix:///run/containerd/containerd.sock\0", SOCKET, True),
        (b'kubelet /usr/bin/kubelet \0kubelet-endpoint "unix:///var/run/crio/crio.sock"\0', SOCKET, False),
        (b"kubelet /usr/bin/kubelet --container-runtime-endpoint=unix:///run/crio/crio.sock \0", SOCKET, False),
        (b"kubelet /usr/bin/kubelet --container-runtime-endpoint unix://" + SOCKET.encode() + b" \0", SOCKET, True),
        (b"kubelet /usr/local/bin/k3s server \0", SOCKET, False),
        (b"kubelet /usr/local/bin/k3s server \0", "/run/k3s/containerd/containerd.sock", True),
        (b"", SOCKET, False),
    ],
)
def test_a_kubelet_counts_when_it_is_on_our_containerd(entries: bytes, socket_path: str, refused: bool) -> None:
    assert bool(parse(entries + b"end\0", socket_path).machine.kubelet) is refused


def run_script(pods: Path, secrets: Path, owner: Path) -> facts.HostFacts:
    command: Sequence[str] = [
        "sh",
        "-c",
        facts.SCRIPT,
        "sh",
        str(pods),
        str(secrets),
        str(owner),
        SOCKET,
        "",
        "machine",
    ]
    return parse(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.fixture
def volume(tmp_path: Path) -> Callable[[str], Path]:
    def make(kind: str) -> Path:
        path = tmp_path / "pods" / "uid-1" / "volumes" / kind / "site"
        path.mkdir(parents=True)
        return path

    return make


def test_the_command_finds_files_of_mounted_configmaps_and_nothing_else(
    tmp_path: Path, volume: Callable[[str], Path]
) -> None:
    mounted = volume("configmap")
    (mounted / "a b").write_bytes(b"foo")
    (mounted / "a b").chmod(0o600)
    (mounted / "link").symlink_to("..data/a b")
    (mounted / "out").symlink_to("/etc")
    (volume("empty-dir") / "scratch").write_bytes(b"of the pod's own")
    told = run_script(tmp_path / "pods", tmp_path / "none", tmp_path / "owner.json")
    assert told.pod_dirs == ("uid-1",)
    assert told.files == {
        f"{mounted}/a b": FileSeen(sha256=SUM, mode=0o600),
        f"{mounted}/link": FileSeen(link="..data/a b"),
        f"{mounted}/out": FileSeen(link="/etc"),
    }
    assert told.owner is None
    assert told.machine.cpus > 0
    assert told.machine.memory_bytes > 0


def test_the_command_finds_hosts_files_of_pods(tmp_path: Path) -> None:
    for uid in ("uid-1", "uid-2"):
        (tmp_path / "pods" / uid).mkdir(parents=True)
    (tmp_path / "pods" / "uid-1" / "etc-hosts").write_bytes(b"foo")
    (tmp_path / "pods" / "uid-2" / "etc-hosts").symlink_to("/etc/hosts")
    told = run_script(tmp_path / "pods", tmp_path / "none", tmp_path / "owner.json")
    assert list(told.files) == [str(tmp_path / "pods" / "uid-1" / "etc-hosts")]
    assert told.files[str(tmp_path / "pods" / "uid-1" / "etc-hosts")].sha256 == SUM


def test_the_command_on_a_fresh_host(tmp_path: Path) -> None:
    told = run_script(tmp_path / "pods", tmp_path / "none", tmp_path / "owner.json")
    assert (told.files, told.pod_dirs, told.owner) == ({}, (), None)
