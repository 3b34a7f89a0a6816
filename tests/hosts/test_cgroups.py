"""The cgroup of a pod where the lab has none of it: version 2's numbers, systemd's slices."""

from pathlib import Path

import pytest

from agent.hosts.execute.cgroups import path_of_slice, remove_cgroup, set_cgroup, weight_of
from agent.hosts.link import Finished
from agent.hosts.local import LocalLink
from agent.model.cgroup import PodCgroup
from agent.model.cri import HugepageLimit
from agent.ports import Permanent, Temporary

SLICE = "trimtab-burstable-podb0d7a1c2_0000.slice"


class OtherMachine(LocalLink):
    """Runs scripts here, on files of a machine that is not this one."""

    def __init__(self, folder: Path, *, version: int) -> None:
        super().__init__("other", "/no/socket")
        self.folder = folder
        (folder / "bin").mkdir()
        self.cgroups = folder / "cgroup"
        self.cgroups.mkdir()
        rest = "cgroup2 cgroup2 rw" if version == 2 else "cgroup cgroup rw,cpu,memory,hugetlb"
        (folder / "mountinfo").write_text(f"30 20 0:26 / {self.cgroups} rw,relatime - {rest}\n")
        self.tool("systemctl", f'echo "$@" >>{folder}/said')

    def tool(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def quick(self, script: str, *arguments: str, timeout: float = 10.0) -> Finished:
        script = script.replace("/proc/self/mountinfo", str(self.folder / "mountinfo"))
        return super().quick(f"PATH={self.folder}/bin:$PATH\n{script}", *arguments, timeout=timeout)

    def said(self) -> list[str]:
        return (self.folder / "said").read_text().splitlines()

    def value(self, path: str) -> str:
        return (self.cgroups / path).read_text().strip()


def test_shares_become_weights_as_runc_has_it() -> None:
    assert [weight_of(shares) for shares in (0, 2, 1024, 262144, 10**9)] == [1, 1, 39, 10000, 10000]


def test_a_slice_is_where_systemd_has_it() -> None:
    assert path_of_slice("a-b-c.slice") == "/a.slice/a-b.slice/a-b-c.slice"


def test_on_version_2_every_limit_is_written(tmp_path: Path) -> None:
    link = OtherMachine(tmp_path, version=2)
    parent = "/trimtab/burstable/podb0d7a1c2-0000"
    (link.cgroups / "trimtab/besteffort").mkdir(parents=True)
    pages = (HugepageLimit(page_size="2MB", limit=4 << 20),)
    set_cgroup(
        link,
        PodCgroup(
            parent=parent, cpu_shares=1024, cpu_quota=50000, memory_limit_in_bytes=1 << 30, hugepage_limits=pages
        ),
    )
    assert link.value(f"{parent[1:]}/cpu.weight") == "39"
    assert link.value(f"{parent[1:]}/cpu.max") == "50000 100000"
    assert link.value(f"{parent[1:]}/memory.max") == str(1 << 30)
    assert link.value(f"{parent[1:]}/hugetlb.2MB.max") == str(4 << 20)
    assert link.value("trimtab/cgroup.subtree_control") != ""
    assert not (link.cgroups / parent[1:] / "cgroup.subtree_control").exists(), "it holds containers, not pods"
    assert link.value("trimtab/burstable/cpu.weight") == "39"
    assert link.value("trimtab/besteffort/cpu.weight") == "1"
    set_cgroup(link, PodCgroup(parent=parent))
    assert link.value(f"{parent[1:]}/cpu.max") == "max 100000"
    assert link.value(f"{parent[1:]}/memory.max") == "max"
    link.close()


@pytest.mark.parametrize(
    ("version", "limits", "weight"),
    [(2, "CPUQuota=50% MemoryMax=1024", "CPUWeight=39"), (1, "CPUQuota=50% MemoryLimit=1024", "CPUShares=1024")],
)
def test_systemd_is_told_by_its_own_names(tmp_path: Path, version: int, limits: str, weight: str) -> None:
    link = OtherMachine(tmp_path, version=version)
    set_cgroup(
        link,
        PodCgroup(parent=SLICE, cpu_shares=1024, cpu_quota=50000, cpu_period=100000, memory_limit_in_bytes=1024),
    )
    set_cgroup(link, PodCgroup(parent=SLICE))
    remove_cgroup(link, SLICE)
    unset = limits.replace("50%", "").replace("1024", "infinity")
    property_, _, _ = weight.partition("=")
    least = {2: 1, 1: 2}[version]
    tiers = [f"set-property --runtime trimtab-{name}.slice {property_}={least}" for name in ("besteffort", "burstable")]
    assert link.said() == [
        f"set-property --runtime {SLICE} {limits}",
        f"set-property --runtime {SLICE} {weight}",
        f"start {SLICE}",
        *tiers,
        f"set-property --runtime {SLICE} {unset}",
        f"start {SLICE}",
        *tiers,
        f"stop {SLICE}",
        f"revert {SLICE}",
    ]
    link.close()


def test_tiers_weigh_what_their_pods_ask_for(tmp_path: Path) -> None:
    """systemd is told of a tier's weight once, and again when the sum of its pods is another."""
    link = OtherMachine(tmp_path, version=2)
    tier = link.cgroups / "trimtab.slice/trimtab-burstable.slice"
    for name, weight in (("a", "39"), ("b", "20")):
        (tier / f"trimtab-burstable-pod{name}.slice").mkdir(parents=True)
        (tier / f"trimtab-burstable-pod{name}.slice/cpu.weight").write_text(f"{weight}\n")
    besteffort = link.cgroups / "trimtab.slice/trimtab-besteffort.slice"
    besteffort.mkdir()
    (besteffort / "cpu.weight").write_text("1\n")
    set_cgroup(link, PodCgroup(parent=SLICE))
    assert link.said()[-1] == "set-property --runtime trimtab-burstable.slice CPUWeight=59"
    (tier / "cpu.weight").write_text("59\n")
    set_cgroup(link, PodCgroup(parent=SLICE))
    assert link.said()[-1] == f"start {SLICE}"
    link.close()


def test_what_systemd_says_is_the_error(tmp_path: Path) -> None:
    link = OtherMachine(tmp_path, version=2)
    link.tool("systemctl", "echo 'Access denied' >&2; exit 1")
    with pytest.raises(Temporary, match="Access denied"):
        set_cgroup(link, PodCgroup(parent=SLICE, cpu_shares=2))
    link.close()


@pytest.mark.parametrize(
    "parent", ["/", "/kubepods/podb0d7a1c2-0000", "/trimtab/pod../x", "system.slice", "trimtab-pod.slice", "-x.slice"]
)
def test_others_cgroups_are_not_touched(tmp_path: Path, parent: str) -> None:
    link = OtherMachine(tmp_path, version=2)
    with pytest.raises(Permanent, match="not the cgroup of a pod"):
        set_cgroup(link, PodCgroup(parent=parent))
    with pytest.raises(Permanent, match="not the cgroup of a pod"):
        remove_cgroup(link, parent)
    with pytest.raises(Permanent, match="no size"):
        set_cgroup(link, PodCgroup(parent=SLICE, hugepage_limits=(HugepageLimit(page_size="../x", limit=1),)))
