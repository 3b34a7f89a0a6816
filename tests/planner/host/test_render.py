"""What a manifest becomes in the runtime's terms, checked against what a kubelet does."""

import pytest
from msgspec.structs import replace

from agent.model.cri import ContainerConfig
from agent.model.desired import ConfigData, DesiredPod
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import (
    Capabilities,
    ConfigMapVolume,
    ConfigRef,
    Container,
    EmptyDirVolume,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    FieldRef,
    KeyRef,
    KeyToPath,
    ResourceRequirements,
    SecurityContext,
    Volume,
    VolumeMount,
)
from agent.model.origin import Origin
from agent.model.value import Sensitive, reveal
from agent.planner.host import RenderedPod, machine, render_pod
from agent.planner.host.rendering.machine import Machine
from tests.planner.host.build import FACTS, KEY, config_map, container, pod, secret


def rendered(desired: DesiredPod) -> RenderedPod:
    return render_pod(desired, machine("edge-1", "prod", KEY, FACTS))


def made_of(on: Machine) -> RenderedPod:
    return render_pod(pod(), on)


def config(desired: DesiredPod) -> ContainerConfig:
    made = rendered(desired)
    assert not made.refused, made.refused
    return made.containers[0].config


def env(
    *variables: EnvVar, env_from: tuple[EnvFromSource, ...] = (), config_data: tuple[ConfigData, ...] = ()
) -> dict[str, str]:
    made = config(pod("web", container(env=variables, env_from=env_from), config=config_data))
    return {one.name: reveal(one.value) for one in made.envs}


def from_secret(name: str, key: str = "token", *, optional: bool = False) -> EnvVar:
    ref = KeyRef(name="password", key=key, optional=optional)
    return EnvVar(name=name, value_from=EnvVarSource(secret_key_ref=ref))


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(B)", "$(B)"),
        ("$A", "$A"),
        ("$", "$"),
        ("$$", "$"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("x$(A)y$(A)z", "x1y1z"),
        ("$x$(A)", "$x1"),
    ],
)
def test_references_expand_as_in_kubernetes(written: str, expanded: str) -> None:
    assert env(EnvVar(name="A", value="1"), EnvVar(name="X", value=written))["X"] == expanded


def test_a_reference_sees_only_what_stands_before_it() -> None:
    found = env(EnvVar(name="X", value="$(A)"), EnvVar(name="A", value="1"), EnvVar(name="Y", value="$(A)"))
    assert (found["X"], found["Y"]) == ("$(A)", "1")


def test_command_and_args_see_the_whole_environment() -> None:
    made = config(pod("web", container(command=("run", "$(A)"), args=("$(A)$$",), env=(EnvVar(name="A", value="1"),))))
    assert (made.command, made.args) == (("run", "1"), ("1$",))


def test_later_env_from_wins_and_env_wins_over_both() -> None:
    sources = (
        EnvFromSource(config_map_ref=ConfigRef(name="one")),
        EnvFromSource(config_map_ref=ConfigRef(name="two"), prefix="P_"),
        EnvFromSource(config_map_ref=ConfigRef(name="three")),
    )
    data = (config_map("one", A="1", B="1", C="1"), config_map("two", A="2"), config_map("three", B="3"))
    found = env(EnvVar(name="C", value="own $(B)"), env_from=sources, config_data=data)
    assert found == {"A": "1", "P_A": "2", "B": "3", "C": "own 3"}


def test_fields_of_the_pod() -> None:
    def of(path: str) -> EnvVar:
        return EnvVar(name=path, value_from=EnvVarSource(field_ref=FieldRef(field_path=path)))

    paths = (
        "metadata.name",
        "metadata.namespace",
        "spec.nodeName",
        "metadata.labels['app']",
        "metadata.annotations['x']",
    )
    found = env(*(of(path) for path in paths))
    assert [found[path] for path in paths] == ["web", "default", "edge-1", "web", ""]


def test_what_touches_a_secret_is_sensitive_and_said_so_in_the_annotation() -> None:
    made = config(
        pod(
            "web",
            container(
                env=(
                    from_secret("TOKEN"),
                    EnvVar(name="URL", value="u:$(TOKEN)@h"),
                    EnvVar(name="OPEN", value="$$(TOKEN)"),
                ),
                command=("sh", "-c", "$(URL)"),
                args=("$(OPEN)",),
            ),
            config=(secret(token="hunter2"),),
        )
    )
    assert {one.name for one in made.envs if isinstance(one.value, Sensitive)} == {"TOKEN", "URL"}
    assert made.annotations["trimtab.dev/sensitive"] == "env:TOKEN,env:URL,command:2"
    assert "hunter2" not in repr(made)


def test_what_env_from_brought_stays_where_an_optional_reference_names_nothing() -> None:
    brought = EnvFromSource(secret_ref=ConfigRef(name="password"))
    both = container(env=(from_secret("token", "none", optional=True),), env_from=(brought,))
    made = rendered(pod("web", both, config=(secret(token="x"),))).containers[0]
    assert [(one.name, reveal(one.value)) for one in made.config.envs] == [("token", "x")]
    assert made.sources == {"token": (ConfigKey(kind="Secret", name="password"), "token")}


def test_optional_references_to_nothing_are_left_out() -> None:
    assert (
        env(from_secret("A", optional=True), env_from=(EnvFromSource(secret_ref=ConfigRef(name="x", optional=True)),))
        == {}
    )


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (pod("web", container(env=(from_secret("A"),))), "env A: Secret password has no key token"),
        (
            pod("web", container(env_from=(EnvFromSource(config_map_ref=ConfigRef(name="x")),))),
            "envFrom: ConfigMap x is not there",
        ),
        (pod(volumes=(Volume(name="v", config_map=ConfigMapVolume(name="x")),)), "volume v: ConfigMap x is not there"),
        (
            pod("web", container(volume_mounts=(VolumeMount(name="v", mount_path="/v"),))),
            "container web mounts volume v, which the pod does not have",
        ),
    ],
)
def test_what_cannot_be_rendered_is_refused_with_the_reason(broken: DesiredPod, why: str) -> None:
    assert rendered(broken).refused == why
    assert rendered(broken).containers == ()


def test_bytes_that_are_no_text_are_refused_as_a_variable() -> None:
    raw = ConfigData(key=ConfigKey(kind="Secret", name="password"), entries={"token": b"\xff"}, origin=Origin(file="f"))
    assert "is not UTF-8 text" in rendered(pod("web", container(env=(from_secret("A"),)), config=(raw,))).refused
    everything = container(env_from=(EnvFromSource(secret_ref=ConfigRef(name="password")),))
    assert config(pod("web", everything, config=(raw,))).envs == ()


@pytest.mark.parametrize("path", ["..", "a/../../b", "/etc", "", ".", "..data", "..x/y", "a\0b"])
def test_files_and_sub_paths_stay_inside_their_volume(path: str) -> None:
    volume = Volume(name="v", config_map=ConfigMapVolume(name="settings", items=(KeyToPath(key="a", path=path),)))
    assert rendered(pod(volumes=(volume,), config=(config_map(a="1"),))).refused
    if not path.startswith("..") or path == "..":
        mounted = container(volume_mounts=(VolumeMount(name="v", mount_path="/v", sub_path=path),))
        made = rendered(pod("web", mounted, volumes=(Volume(name="v", empty_dir=EmptyDirVolume()),)))
        assert bool(made.refused) is (path not in {"", "."})


def test_a_path_cannot_be_a_file_and_a_folder() -> None:
    items = (KeyToPath(key="a", path="x"), KeyToPath(key="a", path="x/y"))
    volume = Volume(name="v", config_map=ConfigMapVolume(name="settings", items=items))
    assert "both a file and the folder" in rendered(pod(volumes=(volume,), config=(config_map(a="1"),))).refused


def amounts(**fields: dict[str, str]) -> Container:
    return container(resources=ResourceRequirements(**fields))


@pytest.mark.parametrize(
    ("resources", "shares", "quota", "memory", "oom"),
    [
        ({}, 2, 0, 0, 1000),
        ({"requests": {"cpu": "100m"}}, 102, 0, 0, 999),
        ({"limits": {"cpu": "500m"}}, 512, 50_000, 0, 999),
        ({"limits": {"cpu": "1m"}}, 2, 1_000, 0, 999),
        ({"requests": {"cpu": "1000"}}, 262_144, 0, 0, 999),
        ({"requests": {"memory": "2Gi"}}, 2, 0, 0, 750),
        ({"requests": {"memory": "8Gi"}}, 2, 0, 0, 3),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, 1024, 100_000, 1 << 30, -997),
        (
            {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "250m", "memory": "1Gi"}},
            256,
            100_000,
            1 << 30,
            875,
        ),
    ],
)
def test_resources(resources: dict[str, dict[str, str]], shares: int, quota: int, memory: int, oom: int) -> None:
    found = config(pod("web", amounts(**resources))).resources
    assert (found.cpu_shares, found.cpu_quota, found.memory_limit_in_bytes, found.oom_score_adj) == (
        shares,
        quota,
        memory,
        oom,
    )


def test_security() -> None:
    context = SecurityContext(
        run_as_user=0, allow_privilege_escalation=False, capabilities=Capabilities(add=("NET_ADMIN",), drop=("ALL",))
    )
    found = config(pod("web", container(security_context=context))).security
    assert (found.run_as_user, found.no_new_privs, found.add_capabilities, found.drop_capabilities) == (
        0,
        True,
        ("NET_ADMIN",),
        ("ALL",),
    )
    assert "/proc/kcore" in found.masked_paths
    privileged = rendered(pod("web", container(security_context=SecurityContext(privileged=True))))
    assert privileged.sandbox.privileged
    assert privileged.containers[0].config.security.masked_paths == ()


def test_the_sandbox() -> None:
    made = rendered(pod("x" * 62 + "-y", termination_grace_period_seconds=5)).sandbox
    assert made.hostname == "x" * 62
    assert made.labels["trimtab.dev/agent"] == "prod"
    assert made.labels["app"] == "x" * 62 + "-y"
    assert made.annotations["trimtab.dev/termination-grace-period-seconds"] == "5"
    assert rendered(pod(host_network=True)).sandbox.hostname == ""
    systemd = machine("edge-1", "prod", KEY, replace(FACTS, cgroup_driver="systemd"))
    inside = made_of(systemd)
    assert inside.sandbox.cgroup_parent == f"trimtab-besteffort-pod{inside.uid.replace('-', '_')}.slice"


def test_labels_of_a_user_cannot_take_a_pod_from_its_agent() -> None:
    made = rendered(replace(pod(), labels={"trimtab.dev/agent": "evil", "io.kubernetes.pod.uid": "x"}))
    assert made.sandbox.labels["trimtab.dev/agent"] == "prod"
    assert made.sandbox.labels["io.kubernetes.pod.uid"] == made.uid


def test_the_uid_changes_with_what_needs_a_new_pod_and_with_nothing_else() -> None:
    base = pod("web", container(), volumes=(Volume(name="v", empty_dir=EmptyDirVolume()),))
    uid = rendered(base).uid
    spec = base.spec
    same = [
        replace(base, labels={"a": "b"}),
        replace(base, spec=replace(spec, containers=(container(image="other"),))),
        replace(base, spec=replace(spec, termination_grace_period_seconds=1, restart_policy="Never")),
    ]
    other = [
        replace(base, spec=replace(spec, hostname="h")),
        replace(base, spec=replace(spec, host_network=True)),
        replace(base, spec=replace(spec, containers=(container(), container("more")))),
        replace(base, spec=replace(spec, volumes=(Volume(name="v", empty_dir=EmptyDirVolume(medium="Memory")),))),
        replace(base, key=replace(base.key, name="other")),
    ]
    assert {rendered(one).uid for one in same} == {uid}
    assert uid not in {rendered(one).uid for one in other}
    assert len({rendered(one).uid for one in other}) == len(other)
