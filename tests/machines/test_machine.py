"""A whole machine held over SSH: its own kernel with cgroup v2 and AppArmor, its own systemd, its own containerd."""

import re

import pytest

from lab.machines import Machine
from tests.machines.machine_setup import PROFILE, REGISTRY
from tests.machines.source import Source, eventually

pytestmark = pytest.mark.machine

MIB = 1 << 20
EATER = "until [ -e /tmp/eat ]; do sleep 1; done; tail /dev/zero"


def container(name: str = "main", **fields: object) -> dict[str, object]:
    return {"name": name, "image": f"{REGISTRY}/app:1.0", **fields}


def pod(*containers: dict[str, object], **fields: object) -> dict[str, object]:
    return {"terminationGracePeriodSeconds": 2, "containers": list(containers or [container()]), **fields}


def limits(cpu: str, memory: str) -> dict[str, object]:
    return {"limits": {"cpu": cpu, "memory": memory}}


def confined(**profile: str) -> dict[str, object]:
    return pod(container(securityContext={"appArmorProfile": profile}))


SIZED = pod(container(resources=limits("500m", "64Mi")))
PODS = {
    "guaranteed": SIZED,
    "burstable": pod(container(resources={"requests": {"cpu": "250m"}, "limits": {"memory": "96Mi"}})),
    "besteffort": pod(),
    "together": pod(container("one"), container("two"), resources=limits("400m", "128Mi")),
    "eater": pod(container(command=["sh", "-c", EATER], resources={"limits": {"memory": "16Mi"}})),
    "default": confined(type="RuntimeDefault"),
    "unconfined": confined(type="Unconfined"),
    "own": confined(type="Localhost", localhostProfile=PROFILE),
    "tuned": pod(securityContext={"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "80"}]}),
    "paged": pod(container(resources={"limits": {"hugepages-2Mi": "4Mi", "memory": "32Mi", "cpu": "100m"}})),
}


@pytest.fixture(scope="module")
def held(source: Source) -> Source:
    """The machine with all of the pods running on it."""
    source.pods(**PODS)
    return source


def groups(machine: Machine, name: str) -> dict[str, str]:
    """The cgroup files of a pod's first container, of its pod (pod/…) and of the tier that is in (tier/…)."""
    script = f"""
    id=$(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.pod.name"=={name}',\
'labels."io.cri-containerd.kind"==container' | head -n 1)
    cd "$(find /sys/fs/cgroup/trimtab.slice -name "cri-containerd-$id.scope")" || exit 1
    echo "id $id"
    for at in . .. ../..; do
      for file in memory.max memory.oom.group cpu.max cpu.weight hugetlb.2MB.max; do
        [ ! -e $at/$file ] || echo "$at/$file $(cat $at/$file)"
      done
    done
    echo "path $PWD"
    """
    lines = machine.run(script, check=True).stdout.splitlines()
    places = {"./": "", "../": "pod/", "../../": "tier/"}
    return {
        re.sub(r"^(\.\./\.\./|\.\./|\./)", lambda found: places[found[1]], key): value
        for key, _, value in (line.partition(" ") for line in lines)
    }


def test_the_doctor_finds_the_machine_fit(source: Source) -> None:
    told = source.trimtab("doctor")
    assert re.search(r"ok +cgroups +version 2, kept by systemd", told), told
    assert "securityContext.appArmorProfile" in re.search(r"honoured.*", told)[0]  # type: ignore[index] # fails so


def test_every_pod_has_a_slice_of_its_own(held: Source) -> None:
    guaranteed = groups(held.machine, "guaranteed")
    assert re.search(r"/trimtab\.slice/trimtab-pod\w+\.slice/cri-", guaranteed["path"])
    for prefix in ("", "pod/"):
        assert guaranteed[f"{prefix}memory.max"] == str(64 * MIB)
        assert guaranteed[f"{prefix}cpu.max"] == "50000 100000"
    assert guaranteed["memory.oom.group"] == "1"
    burstable = groups(held.machine, "burstable")
    assert "/trimtab-burstable.slice/trimtab-burstable-pod" in burstable["path"]
    assert (burstable["pod/memory.max"], burstable["pod/cpu.max"]) == (str(96 * MIB), "max 100000")
    besteffort = groups(held.machine, "besteffort")
    assert "/trimtab-besteffort.slice/trimtab-besteffort-pod" in besteffort["path"]
    assert besteffort["pod/memory.max"] == "max"


def test_best_effort_yields_to_what_was_asked_for(held: Source) -> None:
    """A tier weighs what its pods ask for together: whoever asked for nothing gets what is left."""
    assert groups(held.machine, "besteffort")["tier/cpu.weight"] == "1"
    burstable = groups(held.machine, "burstable")
    assert int(burstable["pod/cpu.weight"]) <= int(burstable["tier/cpu.weight"]) < 100


def test_containers_share_what_their_pod_may_use(held: Source) -> None:
    together = groups(held.machine, "together")
    assert (together["pod/memory.max"], together["pod/cpu.max"]) == (str(128 * MIB), "40000 100000")


def test_resources_change_in_place(held: Source) -> None:
    before = groups(held.machine, "guaranteed")
    held.pods(**{**PODS, "guaranteed": pod(container(resources=limits("250m", "80Mi")))})
    after = groups(held.machine, "guaranteed")
    assert after["id"] == before["id"]
    for prefix in ("", "pod/"):
        assert (after[f"{prefix}memory.max"], after[f"{prefix}cpu.max"]) == (str(80 * MIB), "25000 100000")
    held.trimtab("diff")


def test_what_pods_use_is_measured(held: Source) -> None:
    used = held.trimtab("top", "pods")
    assert re.search(r"guaranteed +.*\d", used), used


def test_running_out_of_memory_is_seen(held: Source) -> None:
    held.inside("eater", "touch", "/tmp/eat")
    eventually(lambda: "OOMKilled" in held.trimtab("describe", "pod", "eater"), "describe says OOMKilled")
    eventually(lambda: held.trimtab("apply", check=None) != "" and restarts(held, "eater") == 1, "it is restarted")


def restarts(source: Source, name: str) -> int:
    for each in source.json("get", "pods")["items"]:
        if each["metadata"]["name"] == name:
            return int(each["status"]["containerStatuses"][0]["restartCount"])
    raise AssertionError(f"no pod {name}")


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("default", r"cri-containerd\.apparmor\.d \(enforce\)"),
        ("unconfined", r"unconfined|runc \(unconfined\)"),  # the latter is Ubuntu's word for the same
        ("own", rf"{PROFILE} \(enforce\)"),
    ],
)
def test_apparmor_confines_as_asked(held: Source, name: str, profile: str) -> None:
    assert re.fullmatch(profile, held.inside(name, "cat", "/proc/1/attr/current"))


def test_a_profile_of_the_machine_is_in_force(held: Source) -> None:
    said = held.inside("own", "sh", "-c", "echo x >/tmp/file 2>&1 || echo refused")
    assert said.endswith("refused")


def test_sysctls_are_the_pods_own(held: Source) -> None:
    path = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
    assert held.inside("tuned", "cat", path) == "80"
    assert held.machine.run(f"cat {path}").stdout.strip() == "1024"


def test_huge_pages_are_limited(held: Source) -> None:
    paged = groups(held.machine, "paged")
    # For all of the pod: containerd's own default leaves the limits of single containers out.
    assert paged["pod/hugetlb.2MB.max"] == str(4 * MIB)


def test_users_of_a_pod_are_not_the_machines(held: Source) -> None:
    """Where containerd can; an older one is told apart, and what it cannot do is refused rather than left out."""
    mapped = pod(container(securityContext={"procMount": "Unmasked"}), hostUsers=False)
    if "hostUsers: false (needs" in held.trimtab("doctor"):
        held.commit(**PODS, mapped=mapped)
        held.trimtab("apply", "--timeout", "1m", check=1)
        assert "hostUsers false: containerd on host" in held.trimtab("status", check=None)
    else:
        held.pods(**PODS, mapped=mapped)
        inside, outside, count = held.inside("mapped", "cat", "/proc/self/uid_map").split()
        assert (inside, count) == ("0", "65536")
        assert int(outside) >= 0x7000_0000
        assert "/proc/kcore" not in held.inside("mapped", "cat", "/proc/self/mountinfo")


def test_a_reboot_is_recovered_from(held: Source) -> None:
    held.pods(**PODS)
    before = groups(held.machine, "guaranteed")["id"]
    held.machine.reboot()
    held.trimtab("apply", "--timeout", "10m")
    after = groups(held.machine, "guaranteed")
    assert after["id"] != before
    assert after["pod/memory.max"] == str(64 * MIB)
    held.trimtab("diff")
