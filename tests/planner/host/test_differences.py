"""What differs is said in the manifest's words, with live values, and Secrets show as fingerprints only."""

import pytest
from msgspec.structs import replace

from agent.model.cause import Commit
from agent.model.cri import EnvValue
from agent.model.desired import DesiredPod
from agent.model.objects.pod import (
    ConfigRef,
    Container,
    ContainerPort,
    EmptyDirVolume,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    KeyRef,
    ResourceRequirements,
    SecurityContext,
    Volume,
    VolumeMount,
)
from agent.model.observation import Seen
from agent.planner.fingerprint import fingerprint
from tests.planner.host.build import EMPTY, KEY, config_map, container, converge, desired, only, plan, pod, secret


def changes(old: DesiredPod, new: DesiredPod) -> list[tuple[str, str | None, str | None]]:
    action = only(plan(desired(new), converge(desired(old))))
    return [(one.path, one.live, one.desired) for one in action.differences]


def changed(**fields: object) -> list[tuple[str, str | None, str | None]]:
    return changes(pod(), pod("web", replace(container(), **fields)))


def test_plain_fields() -> None:
    at = "spec.containers[web]"
    assert changed(command=("sh", "-c", 'echo "hi"')) == [(f"{at}.command", None, r'["sh", "-c", "echo \"hi\""]')]
    assert changed(working_dir="/srv") == [(f"{at}.workingDir", None, "/srv")]
    assert changed(tty=True) == [(f"{at}.tty", "false", "true")]
    assert changed(env=(EnvVar(name="A", value="1"),)) == [(f"{at}.env[A]", None, "1")]
    assert changed(security_context=SecurityContext(run_as_user=0, allow_privilege_escalation=False)) == [
        (f"{at}.securityContext.allowPrivilegeEscalation", "true", "false"),
        (f"{at}.securityContext.runAsUser", None, "0"),
    ]


def test_quantities_are_shown_as_written_beside_what_the_host_has() -> None:
    def with_limits(**limits: str) -> DesiredPod:
        return pod("web", container(resources=ResourceRequirements(limits=limits)))

    old, new = with_limits(cpu="500m", memory="512Mi"), with_limits(cpu="1.5", memory="1G")
    assert changes(old, new) == [
        ("spec.containers[web].resources.limits.cpu", "500m", "1.5"),
        ("spec.containers[web].resources.limits.memory", "512Mi", "1G"),
        ("spec.containers[web].resources.requests.cpu", "500m", "1.5"),
    ]


@pytest.mark.parametrize(("cpu", "shown"), [("3m", "3m"), ("100m", "100m"), ("1500m", "1500m"), ("24", "24000m")])
def test_a_request_that_the_host_has_as_shares_is_shown_as_it_was_written(cpu: str, shown: str) -> None:
    def asking(amount: str) -> DesiredPod:
        return pod("web", container(resources=ResourceRequirements(requests={"cpu": amount})))

    assert changes(asking(cpu), asking("7")) == [("spec.containers[web].resources.requests.cpu", shown, "7")]


def test_a_changed_memory_request_shows() -> None:
    def requesting(memory: str) -> DesiredPod:
        return pod("web", container(resources=ResourceRequirements(requests={"memory": memory})))

    assert changes(pod("web", container()), requesting("2Gi")) == [
        ("spec.containers[web].resources.requests.memory", "(oom_score_adj 1000)", "2Gi (oom_score_adj 750)")
    ]
    assert plan(desired(requesting("2Gi")), converge(desired(requesting("1Gi")))).actions == (), "for the scheduler"


def test_a_host_whose_memory_reading_moves_a_little_restarts_nothing() -> None:
    wanted = desired(pod("web", container(resources=ResourceRequirements(requests={"memory": "4Gi"}))))
    seen = converge(wanted)
    moved = replace(seen, facts=replace(seen.facts, memory_bytes=seen.facts.memory_bytes - (4 << 20)))
    assert plan(wanted, moved).actions == ()


def test_the_order_of_variables_and_mounts_is_no_difference() -> None:
    volume = Volume(name="v", empty_dir=EmptyDirVolume())
    env = (EnvVar(name="A", value="1"), EnvVar(name="B", value="2"))
    mounts = (VolumeMount(name="v", mount_path="/a"), VolumeMount(name="v", mount_path="/b"))
    seen = converge(desired(pod("web", container(env=env, volume_mounts=mounts), volumes=(volume,))))
    turned = container(env=tuple(reversed(env)), volume_mounts=tuple(reversed(mounts)))
    assert plan(desired(pod("web", turned, volumes=(volume,))), seen).actions == ()


def test_a_pod_with_another_volume_says_what_is_mounted_without_uids() -> None:
    def mounting(medium: str) -> DesiredPod:
        volume = Volume(name="v", empty_dir=EmptyDirVolume(medium=medium))  # type: ignore[arg-type]  # a test's shorthand
        return pod("web", container(volume_mounts=(VolumeMount(name="v", mount_path="/v"),)), volumes=(volume,))

    old = desired(mounting(""))
    action = only(plan(desired(pod("web", container(image="nginx:1.28"))), converge(old)))
    assert [(one.path, one.live, one.desired) for one in action.differences] == [
        ("spec.containers[web].image", "nginx:1.27", "nginx:1.28"),
        ("spec.containers[web].volumeMounts[/v]", "empty-dir v", None),
    ]


def test_containers_that_come_and_go_show() -> None:
    found = changes(pod("web", container("a")), pod("web", container("b", image="x:1")))
    assert found == [
        ("spec.containers[b].image", None, "x:1"),
        ("spec.containers[a]", "nginx:1.27", None),
    ]


def test_host_ports_show_with_the_container_that_asked() -> None:
    port = ContainerPort(container_port=80, host_port=8080)
    found = changes(pod("web", container(ports=(port,))), pod("web", container(ports=(replace(port, host_port=81),))))
    assert found == [("spec.containers[web].ports[80].hostPort", "8080", "81")]


def test_a_creation_shows_all_that_will_be() -> None:
    whole = container(
        command=("run",),
        env=(EnvVar(name="A", value="1"),),
        ports=(ContainerPort(container_port=80, host_port=81),),
        resources=ResourceRequirements(limits={"cpu": "1"}),
    )
    action = only(plan(desired(pod("web", whole)), EMPTY))
    assert [(one.path, one.desired) for one in action.differences] == [
        ("spec.containers[web].ports[80].hostPort", "81"),
        ("spec.containers[web].image", "nginx:1.27"),
        ("spec.containers[web].command", '["run"]'),
        ("spec.containers[web].env[A]", "1"),
        ("spec.containers[web].resources.limits.cpu", "1"),
        ("spec.containers[web].resources.requests.cpu", "1"),
    ]
    assert {one.live for one in action.differences} == {None}


def test_paths_start_where_the_pod_spec_stands() -> None:
    templated = replace(pod(), spec_path="spec.template.spec")
    action = only(plan(desired(templated), EMPTY))
    assert action.differences[0].path == "spec.template.spec.containers[web].image"


def with_token(value: str, *, extra: tuple[str, ...] = ("--token=$(TOKEN)",)) -> DesiredPod:
    ref = EnvVarSource(secret_key_ref=KeyRef(name="password", key="token"))
    one = container(env=(EnvVar(name="TOKEN", value_from=ref),), args=extra)
    return pod("web", one, config=(secret(token=value),))


def test_a_changed_secret_in_the_environment_restarts_and_names_the_secret() -> None:
    action = only(plan(desired(with_token("swordfish", extra=())), converge(desired(with_token("hunter2", extra=())))))
    assert action.rule == "config changed"
    assert isinstance(action.cause, Commit)
    assert (str(action.cause.object), action.cause.path) == ("Secret default/password", "data.token")
    (difference,) = action.differences
    assert difference.sensitive
    assert (difference.live, difference.desired) == (
        f"(secret {fingerprint(KEY, 'hunter2')})",
        f"(secret {fingerprint(KEY, 'swordfish')})",
    )


def test_secrets_show_nowhere_in_a_plan() -> None:
    made = plan(desired(with_token("swordfish")), converge(desired(with_token("hunter2"))))
    assert "hunter2" not in repr(made)
    assert "swordfish" not in repr(made)
    assert [one.path for one in only(made).differences] == [
        "spec.containers[web].args",
        "spec.containers[web].env[TOKEN]",
    ]


def unmarked(seen: Seen) -> Seen:
    """Show the live environment as a host would that lost the annotation: in the clear."""
    made = []
    for one in seen.containers:
        envs = tuple(EnvValue(name=env.name, value="hunter2") for env in one.config.envs)
        made.append(replace(one, config=replace(one.config, envs=envs)))
    return replace(seen, containers=tuple(made))


def test_equal_content_is_equal_whether_it_is_marked_or_not() -> None:
    wanted = desired(with_token("hunter2", extra=()))
    assert plan(wanted, unmarked(converge(wanted))).actions == ()


def test_a_live_value_that_a_secret_replaces_is_masked_too() -> None:
    seen = unmarked(converge(desired(with_token("hunter2", extra=()))))
    assert "hunter2" not in repr(plan(desired(with_token("swordfish", extra=())), seen).actions[0].differences)


def test_a_changed_config_map_in_the_environment_names_the_config_map() -> None:
    def coloured(colour: str) -> DesiredPod:
        source = EnvFromSource(config_map_ref=ConfigRef(name="settings"))
        one: Container = container(env_from=(source,), env=(EnvVar(name="OWN", value="x"),))
        return pod("web", one, config=(config_map(COLOUR=colour),))

    action = only(plan(desired(coloured("blue")), converge(desired(coloured("red")))))
    assert isinstance(action.cause, Commit)
    assert (str(action.cause.object), action.cause.path) == ("ConfigMap default/settings", "data.COLOUR")
    assert [(one.path, one.live, one.desired) for one in action.differences] == [
        ("spec.containers[web].env[COLOUR]", "red", "blue")
    ]


def test_long_values_are_cut() -> None:
    (found,) = changed(env=(EnvVar(name="A", value="x\n" * 5000),))
    assert found[2] is not None
    assert found[2].endswith("… (10000 characters)")
    assert len(found[2]) < 250
    assert "\n" not in found[2]
