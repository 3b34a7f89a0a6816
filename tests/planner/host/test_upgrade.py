"""A release that knows more fields leaves alone what an earlier one has started."""

import pytest
from msgspec.structs import replace

from agent.model.action import WriteEtcHosts
from agent.model.cri import ContainerConfig, ContainerSecurity, LinuxResources
from agent.model.desired import DesiredPod
from agent.model.labels import PODS_DIR, TERMINATION_MESSAGE
from agent.model.objects.pod import (
    ConfigMapVolume,
    EmptyDirVolume,
    ResourceRequirements,
    SecurityContext,
    Volume,
    VolumeMount,
)
from agent.model.observation import Seen
from agent.planner.host import identity
from tests.planner.host.build import config_map, container, converge, desired, plan, pod


def as_before(seen: Seen) -> Seen:
    """Show pods as the release before this one made them: it knew neither of what is taken away here."""
    containers = tuple(replace(one, config=_container(one.config)) for one in seen.containers)
    sandboxes = tuple(replace(one, config=replace(one.config, cgroup_parent="/trimtab")) for one in seen.sandboxes)
    return replace(seen, containers=containers, sandboxes=sandboxes)


def _container(config: ContainerConfig) -> ContainerConfig:
    resources, security = config.resources, config.security
    return replace(
        config,
        mounts=tuple(
            one
            for one in config.mounts
            if not (one.host_path.startswith(PODS_DIR) and "/volumes/" not in one.host_path)
        ),
        annotations={name: text for name, text in config.annotations.items() if name != TERMINATION_MESSAGE},
        resources=LinuxResources(
            cpu_period=resources.cpu_period,
            cpu_quota=resources.cpu_quota,
            cpu_shares=resources.cpu_shares,
            memory_limit_in_bytes=resources.memory_limit_in_bytes,
            oom_score_adj=resources.oom_score_adj,
        ),
        security=ContainerSecurity(
            privileged=security.privileged,
            run_as_user=security.run_as_user,
            masked_paths=security.masked_paths[:3],
        ),
    )


SETTINGS = Volume(name="conf", config_map=ConfigMapVolume(name="settings"))
PODS = [
    pod(),
    pod("web", container(resources=ResourceRequirements(limits={"cpu": "1", "memory": "1Gi"}))),
    pod("web", container(security_context=SecurityContext(run_as_user=5))),
    pod("web", container(security_context=SecurityContext(privileged=True)), host_network=True),
    pod(
        "web",
        container(volume_mounts=(VolumeMount(name="v", mount_path="/v"), VolumeMount(name="conf", mount_path="/c"))),
        volumes=(Volume(name="v", empty_dir=EmptyDirVolume()), SETTINGS),
        config=(config_map(a="1"),),
    ),
]


@pytest.mark.parametrize("wanted", PODS)
def test_nothing_that_runs_is_restarted(wanted: DesiredPod) -> None:
    seen = as_before(converge(desired(wanted)))
    for action in plan(desired(wanted), seen).actions:
        assert action.consequence == "in place"
        assert {type(step) for step in action.steps} == {WriteEtcHosts}


UIDS = (
    "19615d9f-572e-5457-8927-9409d4103a27",
    "19615d9f-572e-5457-8927-9409d4103a27",
    "19615d9f-572e-5457-8927-9409d4103a27",
    "c3e8260f-b088-52f7-a739-1ef0e96fd34e",
    "34104907-7764-5f5f-a4bf-208797ef878f",
)
"""What the first release called these pods."""


@pytest.mark.parametrize(("wanted", "uid"), list(zip(PODS, UIDS, strict=True)))
def test_a_pod_keeps_the_uid_that_earlier_releases_gave_it(wanted: DesiredPod, uid: str) -> None:
    assert converge(desired(wanted)).sandboxes[0].config.uid == uid


def test_messages_of_earlier_attempts_are_no_difference() -> None:
    seen = converge(desired(pod()))
    assert any("/containers/" in mount.host_path for mount in seen.containers[0].config.mounts)
    assert identity.etc_hosts_path(seen.sandboxes[0].config.uid) in {
        mount.host_path for mount in seen.containers[0].config.mounts
    }
    assert plan(desired(pod()), seen).actions == ()
