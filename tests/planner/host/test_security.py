"""Privileges as a kubelet hands them to the runtime: the container's own, else the pod's, else the default."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.cri import ContainerSecurity, Namespaces, Profile, SandboxConfig, SelinuxLabel
from agent.model.imageuser import asks_image, root_refusal, with_image_user
from agent.model.objects.pod import (
    AppArmorProfile,
    Capabilities,
    Lifecycle,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    SelinuxOptions,
    Sysctl,
)
from agent.model.observation import Feature
from agent.planner.host import RenderedPod, machine, render_pod
from tests.planner.host.build import FACTS, KEY, container, pod


def made(
    of_pod: PodSecurityContext | None = None,
    own: SecurityContext | None = None,
    features: tuple[Feature, ...] = (),
    **spec: Any,  # noqa: ANN401 - any field of a spec
) -> RenderedPod:
    on = machine("edge-1", "prod", KEY, replace(FACTS, features=features))
    return render_pod(pod("web", container(security_context=own), security_context=of_pod, **spec), on)


def security(
    of_pod: PodSecurityContext | None = None, own: SecurityContext | None = None, features: tuple[Feature, ...] = ()
) -> ContainerSecurity:
    found = made(of_pod, own, features)
    assert not found.refused, found.refused
    return found.containers[0].config.security


def sandbox(of_pod: PodSecurityContext | None = None, **spec: Any) -> SandboxConfig:  # noqa: ANN401 - same
    return made(of_pod, **spec).sandbox


def test_what_a_container_leaves_out_comes_from_its_pod() -> None:
    of_pod = PodSecurityContext(
        run_as_user=1, run_as_group=2, seccomp_profile=SeccompProfile(type="RuntimeDefault"), run_as_non_root=True
    )
    found = security(of_pod)
    assert (found.run_as_user, found.run_as_group, found.seccomp.type) == (1, 2, "runtime-default")
    own = SecurityContext(run_as_user=3, run_as_group=4, seccomp_profile=SeccompProfile(type="Unconfined"))
    found = security(of_pod, own)
    assert (found.run_as_user, found.run_as_group, found.seccomp.type) == (3, 4, "unconfined")


def test_the_defaults_are_those_of_a_kubelet() -> None:
    found = security()
    assert found.seccomp == Profile(type="unconfined")
    assert (found.apparmor, found.selinux, found.no_new_privs, found.supplemental_groups) == (None, None, False, ())
    assert "/proc/kcore" in found.masked_paths
    assert "/proc/sys" in found.readonly_paths


def test_local_seccomp_profiles_lie_where_kubelets_look_for_them() -> None:
    def local(path: str) -> RenderedPod:
        return made(own=SecurityContext(seccomp_profile=SeccompProfile(type="Localhost", localhost_profile=path)))

    assert local("web/tight.json").containers[0].config.security.seccomp == Profile(
        type="localhost", localhost="/var/lib/kubelet/seccomp/web/tight.json"
    )
    assert local("../../etc/passwd").refused


def test_groups_of_the_pod_reach_every_container_and_the_sandbox() -> None:
    of_pod = PodSecurityContext(fs_group=7, supplemental_groups=(8, 9))
    assert security(of_pod).supplemental_groups == (7, 8, 9)
    assert sandbox(of_pod).supplemental_groups == (7, 8, 9)


def test_proc_is_open_where_it_is_asked_for() -> None:
    assert security(own=SecurityContext(proc_mount="Unmasked")).masked_paths == ()
    assert security(own=SecurityContext(proc_mount="Default")).masked_paths
    assert security(own=SecurityContext(privileged=True)).readonly_paths == ()


def test_a_group_without_a_user_stays_away_from_the_sandbox() -> None:
    assert sandbox(PodSecurityContext(run_as_group=5)).run_as_group is None
    found = sandbox(PodSecurityContext(run_as_user=4, run_as_group=5))
    assert (found.run_as_user, found.run_as_group) == (4, 5)


SELINUX = SelinuxOptions(type="container_t", level="s0:c1")
APPARMOR = AppArmorProfile(type="Localhost", localhost_profile="tight")


@pytest.mark.parametrize(
    ("of_pod", "own", "feature", "why"),
    [
        (None, SecurityContext(selinux_options=SELINUX), "selinux", "seLinuxOptions of container web"),
        (PodSecurityContext(selinux_options=SELINUX), None, "selinux", "seLinuxOptions of the pod"),
        (None, SecurityContext(app_armor_profile=APPARMOR), "apparmor", "AppArmor is not enabled on host edge-1"),
        (
            PodSecurityContext(supplemental_groups_policy="Strict"),
            None,
            "supplemental-groups-policy",
            "supplementalGroupsPolicy Strict",
        ),
    ],
)
def test_what_the_host_cannot_hold_a_container_to_is_refused(
    of_pod: PodSecurityContext | None, own: SecurityContext | None, feature: Feature, why: str
) -> None:
    assert why in made(of_pod, own).refused
    assert not made(of_pod, own, (feature,)).refused


def test_profiles_and_labels_where_the_host_knows_them() -> None:
    found = security(PodSecurityContext(selinux_options=SELINUX), features=("apparmor", "selinux"))
    assert found.selinux == SelinuxLabel(type="container_t", level="s0:c1")
    own = SecurityContext(app_armor_profile=APPARMOR)
    assert security(own=own, features=("apparmor",)).apparmor == Profile(type="localhost", localhost="tight")
    unconfined = SecurityContext(app_armor_profile=AppArmorProfile(type="Unconfined"))
    assert security(own=unconfined).apparmor == Profile(type="unconfined")


def test_capabilities_and_new_privileges() -> None:
    own = SecurityContext(
        allow_privilege_escalation=False, capabilities=Capabilities(add=("NET_ADMIN",), drop=("ALL",))
    )
    found = security(own=own)
    assert (found.no_new_privs, found.add_capabilities, found.drop_capabilities) == (True, ("NET_ADMIN",), ("ALL",))
    assert not security(own=SecurityContext(allow_privilege_escalation=True)).no_new_privs


def test_root_by_name_of_the_manifest_breaks_the_non_root_policy_at_once() -> None:
    refused = made(PodSecurityContext(run_as_non_root=True), SecurityContext(run_as_user=0)).refused
    assert "CreateContainerConfigError, container's runAsUser breaks non-root policy" in refused
    assert not made(
        PodSecurityContext(run_as_non_root=True), SecurityContext(run_as_user=0, run_as_non_root=False)
    ).refused


@pytest.mark.parametrize(
    ("image_user", "why"),
    [
        ("", "image will run as root"),
        ("0", "image will run as root"),
        ("0:5", "image will run as root"),
        ("00", "image will run as root"),
        ("nobody", "non-numeric user (nobody)"),
        ("1000", ""),
        ("1000:0", ""),
    ],
)
def test_the_image_decides_who_a_container_runs_as(image_user: str, why: str) -> None:
    config = made(PodSecurityContext(run_as_non_root=True)).containers[0].config
    assert asks_image(config)
    found = root_refusal(config, image_user)
    assert why in found
    assert bool(why) is bool(found)
    settled = made(PodSecurityContext(run_as_non_root=True, run_as_user=5)).containers[0].config
    assert not asks_image(settled)
    assert not root_refusal(settled, image_user)


def test_a_group_alone_gets_the_user_of_the_image() -> None:
    config = made(own=SecurityContext(run_as_group=7)).containers[0].config
    assert asks_image(config)
    assert with_image_user(config, "9:1").security.run_as_user == 9
    assert with_image_user(config, "www").security.run_as_username == "www"
    assert with_image_user(config, "").security.run_as_user == 0


def test_what_is_shared() -> None:
    assert sandbox().namespaces == Namespaces()
    assert sandbox(host_network=True).namespaces == Namespaces(network="host")
    assert sandbox(host_pid=True, host_ipc=True).namespaces == Namespaces(pid="host", ipc="host")
    assert sandbox(share_process_namespace=True).namespaces == Namespaces(pid="pod")
    found = made(share_process_namespace=True)
    assert found.containers[0].config.security.namespaces == found.sandbox.namespaces


def test_users_of_its_own_need_a_containerd_that_can_map_them() -> None:
    assert "hostUsers false: containerd on host edge-1 cannot map users" in made(host_users=False).refused
    assert made(host_users=False, features=("user-namespaces",)).sandbox.namespaces.users == "pod"
    assert made(host_users=True).sandbox.namespaces.users == "host"


def test_what_a_runtime_class_cannot_do_is_refused_though_the_host_could() -> None:
    able: tuple[Feature, ...] = ("recursive-read-only", "user-namespaces")
    facts = replace(FACTS, features=able, handlers=("kata", "runc"), lacking={"kata": ("user-namespaces",)})
    on = machine("edge-1", "prod", KEY, facts)

    def under(handler: str) -> RenderedPod:
        return render_pod(replace(pod("web", container(), host_users=False), runtime=handler), on)

    assert "runtime kata of containerd on host edge-1 cannot map users" in under("kata").refused
    assert not under("runc").refused
    assert not under("").refused


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
        ("net/ipv4/ip_forward", "net.ipv4.ip_forward"),
        ("net/ipv4/conf/eth0.1/rp_filter", "net.ipv4.conf.eth0/1.rp_filter"),
        ("kernel.shm_rmid_forced", "kernel.shm_rmid_forced"),
    ],
)
def test_kernel_parameters_are_written_with_dots(written: str, name: str) -> None:
    assert sandbox(PodSecurityContext(sysctls=(Sysctl(name=written, value="1"),))).sysctls == {name: "1"}


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("vm.swappiness", {}),
        ("kernel.panic", {}),
        ("net.ipv4.ip_forward", {"host_network": True}),
        ("kernel/shmmax", {"host_ipc": True}),
    ],
)
def test_kernel_parameters_of_the_whole_host_are_refused(name: str, spec: dict[str, Any]) -> None:
    assert "for the whole host" in made(PodSecurityContext(sysctls=(Sysctl(name=name, value="1"),)), **spec).refused


def test_a_stop_signal_needs_a_containerd_that_takes_one() -> None:
    one = container(lifecycle=Lifecycle(stop_signal="SIGUSR1"))
    old, new = (machine("edge-1", "prod", KEY, replace(FACTS, features=known)) for known in ((), ("stop-signal",)))
    assert "stopSignal of container web" in render_pod(pod("web", one), old).refused
    assert render_pod(pod("web", one), new).containers[0].config.stop_signal == "SIGUSR1"


def test_a_runtime_that_the_host_does_not_have_is_refused() -> None:
    gvisor = replace(pod(), runtime="gvisor")
    old = machine("edge-1", "prod", KEY, FACTS)
    new = machine("edge-1", "prod", KEY, replace(FACTS, handlers=("kata", "runc")))
    assert render_pod(gvisor, old).sandbox.runtime_handler == "gvisor"
    assert "has no runtime gvisor, only kata, runc" in render_pod(gvisor, new).refused
