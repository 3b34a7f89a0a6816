"""One pod that uses everything, as its host would be told. After a wanted change: run this module."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from agent.model.objects.pod import (
    AppArmorProfile,
    Capabilities,
    ConfigRef,
    ContainerPort,
    DnsConfig,
    DnsOption,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    ExecAction,
    FieldRef,
    HostAlias,
    HttpGetAction,
    ImageVolume,
    KeyRef,
    Lifecycle,
    LifecycleHandler,
    PodSecurityContext,
    Probe,
    ResourceFieldRef,
    ResourceRequirements,
    SeccompProfile,
    SecretRef,
    SecurityContext,
    SelinuxOptions,
    Sysctl,
    Volume,
    VolumeMount,
)
from agent.model.value import Sensitive
from agent.planner.host import RenderedPod, machine, render_pod
from tests.planner.host.build import FACTS, KEY, config_map, container, pod, secret

GOLDEN = Path(__file__).parent / "everything.json"
HOST = replace(
    FACTS,
    version="2.3.0",
    cgroup_version=2,
    cgroup_driver="systemd",
    addresses=("10.0.0.5",),
    storage_bytes=1 << 40,
    resolv_conf="nameserver 10.0.0.1\nsearch lan\n",
    hugepages={"hugepages-2Mi": 1 << 26},
    handlers=("kata", "runc"),
    features=(
        "apparmor",
        "image-volumes",
        "recursive-read-only",
        "selinux",
        "stop-signal",
        "supplemental-groups-policy",
        "user-namespaces",
    ),
)
PULL = json.dumps({"auths": {"registry.example.com": {"username": "ana", "password": "hunter2"}}})


def everything() -> RenderedPod:
    main = container(
        "main",
        image="registry.example.com/shop/web:1",
        command=("serve", "$(TOKEN)"),
        args=("--at", "$(IP)"),
        working_dir="/srv",
        env_from=(EnvFromSource(prefix="P_", config_map_ref=ConfigRef(name="settings")),),
        env=(
            EnvVar(name="TOKEN", value_from=EnvVarSource(secret_key_ref=KeyRef(name="password", key="token"))),
            EnvVar(name="IP", value_from=EnvVarSource(field_ref=FieldRef(field_path="status.podIP"))),
            EnvVar(name="MAX", value_from=EnvVarSource(resource_field_ref=ResourceFieldRef(resource="limits.memory"))),
        ),
        ports=(ContainerPort(name="http", container_port=8080, host_port=80),),
        resources=ResourceRequirements(
            limits={"cpu": "1", "memory": "1Gi", "hugepages-2Mi": "4Mi"}, requests={"cpu": "500m", "memory": "512Mi"}
        ),
        volume_mounts=(VolumeMount(name="model", mount_path="/model"),),
        liveness_probe=Probe(http_get=HttpGetAction(port="http", path="/live")),
        readiness_probe=Probe(exec=ExecAction(command=("ready",)), period_seconds=2),
        lifecycle=Lifecycle(
            pre_stop=LifecycleHandler(http_get=HttpGetAction(port="http", path="/bye")), stop_signal="SIGUSR1"
        ),
        termination_message_policy="FallbackToLogsOnError",
        stdin=True,
        stdin_once=True,
        tty=True,
        security_context=SecurityContext(
            read_only_root_filesystem=True,
            allow_privilege_escalation=False,
            capabilities=Capabilities(add=("NET_BIND_SERVICE",), drop=("ALL",)),
            proc_mount="Unmasked",
            app_armor_profile=AppArmorProfile(type="Localhost", localhost_profile="shop"),
        ),
    )
    init = (container("migrate", command=("migrate",)), container("proxy", restart_policy="Always"))
    desired = pod(
        "shop",
        main,
        config=(config_map(COLOUR="red"), secret(token="hunter2"), secret("pull", __dockerconfigjson=PULL)),
        init_containers=init,
        volumes=(Volume(name="model", image=ImageVolume(reference="registry.example.com/models/small:1")),),
        hostname="shop",
        subdomain="shops",
        host_aliases=(HostAlias(ip="10.0.0.9", hostnames=("db",)),),
        host_users=False,
        share_process_namespace=True,
        dns_config=DnsConfig(searches=("corp",), options=(DnsOption(name="ndots", value="2"),)),
        security_context=PodSecurityContext(
            run_as_user=1000,
            run_as_group=1000,
            run_as_non_root=True,
            fs_group=2000,
            supplemental_groups=(3000,),
            supplemental_groups_policy="Strict",
            seccomp_profile=SeccompProfile(type="Localhost", localhost_profile="shop.json"),
            selinux_options=SelinuxOptions(level="s0:c1,c2"),
            sysctls=(Sysctl(name="net/core/somaxconn", value="1024"),),
        ),
        image_pull_secrets=(SecretRef(name="pull"),),
        overhead={"cpu": "100m", "memory": "64Mi"},
    )
    return render_pod(replace(desired, runtime="kata"), machine("edge-1", "prod", KEY, HOST))


def shown(value: Any) -> Any:  # noqa: ANN401 - whatever a pod holds
    """What is set, without Secrets and with the uid left out."""
    if isinstance(value, Sensitive):
        return "(secret)"
    if isinstance(value, msgspec.Struct):
        held = ((field, getattr(value, field.name)) for field in msgspec.structs.fields(value))
        return {field.name: shown(one) for field, one in held if one not in (field.default, ())}
    if isinstance(value, tuple | list):
        return [shown(one) for one in value]
    return {str(name): shown(one) for name, one in value.items()} if isinstance(value, dict) else value


def told() -> str:
    made = everything()
    assert not made.refused, made.refused
    text = json.dumps(shown(made), indent=1, sort_keys=True, ensure_ascii=False)
    return re.sub(made.uid.replace("-", "[-_]"), "UID", text) + "\n"


def test_the_pod_is_the_one_that_was_read_and_approved() -> None:
    assert told() == GOLDEN.read_text()


def test_no_secret_is_in_it() -> None:
    assert "hunter2" not in told()
    assert "hunter2" not in repr(everything())


if __name__ == "__main__":
    GOLDEN.write_text(told())
