"""Every field that differs is named as the manifest names it, wherever it stands."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.objects.pod import (
    AppArmorProfile,
    Container,
    ContainerPort,
    DnsConfig,
    Lifecycle,
    PodSecurityContext,
    ResourceRequirements,
    SeccompProfile,
    SecurityContext,
    SelinuxOptions,
    Sysctl,
)
from agent.model.observation import Seen
from tests.planner.host.build import EMPTY, container, converge, desired, only, plan, pod

ABLE: Seen = replace(
    EMPTY,
    facts=replace(
        EMPTY.facts,
        features=("apparmor", "selinux", "stop-signal", "supplemental-groups-policy", "user-namespaces"),
        handlers=("kata", "runc"),
    ),
)
Change = tuple[str, str | None, str | None]


def changes(old: DesiredPod, new: DesiredPod) -> tuple[str, list[Change]]:
    action = only(plan(desired(new), converge(desired(old), ABLE)))
    return action.consequence, [(one.path, one.live, one.desired) for one in action.differences]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stdin": True, "stdin_once": True}, [("stdin", "false", "true"), ("stdinOnce", "false", "true")]),
        ({"lifecycle": Lifecycle(stop_signal="SIGUSR1")}, [("lifecycle.stopSignal", None, "SIGUSR1")]),
        (
            {"security_context": SecurityContext(seccomp_profile=SeccompProfile(type="RuntimeDefault"))},
            [("securityContext.seccompProfile", "Unconfined", "RuntimeDefault")],
        ),
        (
            {
                "security_context": SecurityContext(
                    seccomp_profile=SeccompProfile(type="Localhost", localhost_profile="a/b.json")
                )
            },
            [("securityContext.seccompProfile", "Unconfined", "Localhost a/b.json")],
        ),
        (
            {"security_context": SecurityContext(app_armor_profile=AppArmorProfile(type="Unconfined"))},
            [("securityContext.appArmorProfile", None, "Unconfined")],
        ),
        (
            {"security_context": SecurityContext(selinux_options=SelinuxOptions(type="t", level="s0"))},
            [("securityContext.seLinuxOptions", None, "::t:s0")],
        ),
        (
            {"security_context": SecurityContext(proc_mount="Unmasked")},
            [("securityContext.procMount", "Default", "Unmasked")],
        ),
        ({"security_context": SecurityContext(run_as_group=5)}, [("securityContext.runAsGroup", None, "5")]),
        (
            {"resources": ResourceRequirements(limits={"hugepages-2Mi": "4Mi"})},
            [("resources.limits.hugepages-2Mi", None, "4Mi")],
        ),
    ],
)
def test_fields_of_a_container(fields: dict[str, Any], expected: list[Change]) -> None:
    consequence, found = changes(pod(), pod("web", container(**fields)))
    assert consequence == "restart"
    assert found == [(f"spec.containers[web].{path}", live, wanted) for path, live, wanted in expected]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"host_pid": True}, [("hostPID", "false", "true")]),
        ({"host_ipc": True}, [("hostIPC", "false", "true")]),
        ({"share_process_namespace": True}, [("shareProcessNamespace", "false", "true")]),
        ({"host_users": False}, [("hostUsers", "true", "false")]),
        (
            {"dns_policy": "None", "dns_config": DnsConfig(nameservers=("10.0.0.1",), searches=("lan",))},
            [("dnsConfig.nameservers", None, "10.0.0.1"), ("dnsConfig.searches", None, "lan")],
        ),
        (
            {"security_context": PodSecurityContext(sysctls=(Sysctl(name="net/ipv4/ip_forward", value="1"),))},
            [("securityContext.sysctls[net.ipv4.ip_forward]", None, "1")],
        ),
    ],
)
def test_fields_of_the_pod_itself_make_it_anew(spec: dict[str, Any], expected: list[Change]) -> None:
    consequence, found = changes(pod(), pod("web", container(), **spec))
    assert consequence == "recreate"
    assert found == [(f"spec.{path}", live, wanted) for path, live, wanted in expected]


def test_another_runtime_makes_a_pod_anew() -> None:
    consequence, found = changes(pod(), replace(pod(), runtime="kata"))
    assert (consequence, found) == ("recreate", [("spec.runtimeClassName", None, "kata")])


@pytest.mark.parametrize(
    ("context", "field", "live", "wanted"),
    [
        (PodSecurityContext(run_as_user=5), "containers[web].securityContext.runAsUser", None, "5"),
        (PodSecurityContext(fs_group=7), "securityContext.fsGroup", None, "7"),
        (PodSecurityContext(supplemental_groups=(7, 8)), "securityContext.supplementalGroups", None, "7, 8"),
        (
            PodSecurityContext(supplemental_groups_policy="Strict"),
            "securityContext.supplementalGroupsPolicy",
            "Merge",
            "Strict",
        ),
    ],
)
def test_what_the_pod_asks_for_all_its_containers(
    context: PodSecurityContext, field: str, live: str | None, wanted: str
) -> None:
    consequence, found = changes(pod(), pod("web", container(), security_context=context))
    assert (consequence, found) == ("restart", [(f"spec.{field}", live, wanted)])


def init(**fields: Any) -> Container:  # noqa: ANN401 - any field of a container
    return container("proxy", restart_policy="Always", **fields)


def test_sidecars_stand_among_the_init_containers() -> None:
    old = pod("web", container(), init_containers=(init(),))
    consequence, found = changes(old, pod("web", container(), init_containers=(init(tty=True),)))
    assert (consequence, found) == ("restart", [("spec.initContainers[proxy].tty", "false", "true")])
    port = ContainerPort(container_port=80, host_port=8080)
    consequence, found = changes(old, pod("web", container(), init_containers=(init(ports=(port,)),)))
    assert consequence == "recreate"
    assert found == [("spec.initContainers[proxy].ports[80].hostPort", None, "8080")]


def test_a_group_whose_user_the_image_named_is_no_difference() -> None:
    wanted = desired(pod("web", container(security_context=SecurityContext(run_as_group=5))))
    seen = converge(wanted, ABLE)
    (live,) = seen.containers
    settled = replace(live.config, security=replace(live.config.security, run_as_user=9))
    assert plan(wanted, replace(seen, containers=(replace(live, config=settled),))).actions == ()


def test_who_runs_as_root_and_must_not_any_more_is_restarted_when_its_image_allows_it() -> None:
    strict = desired(pod("web", container(security_context=SecurityContext(run_as_non_root=True))))
    seen = converge(desired(pod()), ABLE)
    (entry,) = plan(strict, seen).waiting
    assert (entry.reason, "image will run as root" in entry.message) == ("refused", True)
    harmless = replace(seen, images=tuple(replace(one, user="1000") for one in seen.images))
    found = only(plan(strict, harmless)).differences
    assert [(one.path, one.live, one.desired) for one in found] == [
        ("spec.containers[web].securityContext.runAsNonRoot", None, "true")
    ]
