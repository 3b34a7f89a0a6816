"""The law of the host planner: after its plans were done, the next one is empty, wherever it started."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.model.cri import ContainerConfig, PortMapping, SandboxConfig
from agent.model.desired import DesiredPod, HostDesired, KeptPod, LeavingPod
from agent.model.files import FileSeen
from agent.model.objects.pod import (
    ConfigMapVolume,
    ConfigRef,
    Container,
    ContainerPort,
    EmptyDirVolume,
    EnvFromSource,
    ResourceRequirements,
    SecretVolume,
    Volume,
    VolumeMount,
)
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.planner.host import machine, render_pod
from agent.planner.host.comparing.filetree import projected_files
from agent.planner.pods import observed_pods
from tests.planner.host.build import (
    EMPTY,
    FACTS,
    KEY,
    NOW,
    ROLLOUT,
    act,
    config_map,
    container,
    plan,
    pod,
    pod_key,
    secret,
)
from tests.planner.host.build import desired as host_desired

NAMES = ("a", "b", "c", "d")
FOREIGN = SandboxSeen(
    id="foreign",
    ready=True,
    config=SandboxConfig(
        name="a", namespace="default", uid="theirs", port_mappings=(PortMapping(container_port=1, host_port=9),)
    ),
)
THEIRS = ContainerSeen(
    id="theirs", sandbox_id="foreign", state="exited", config=ContainerConfig(name="web", image="i:1")
)


@st.composite
def containers(draw: st.DrawFn, name: str) -> Container:
    return container(
        name,
        image=draw(st.sampled_from(["i:1", "i:2", "reg.example:5000/x@sha256:" + "a" * 64])),
        image_pull_policy=draw(st.sampled_from(["Always", "IfNotPresent"])),
        args=tuple(draw(st.lists(st.sampled_from(["x", "$(token)", "$(colour)"]), max_size=2))),
        env_from=draw(
            st.sampled_from(
                [
                    (),
                    (EnvFromSource(config_map_ref=ConfigRef(name="settings")),),
                    (EnvFromSource(secret_ref=ConfigRef(name="password")),),
                ]
            )
        ),
        ports=draw(
            st.sampled_from([(), (), tuple(ContainerPort(container_port=80, host_port=port) for port in (81,))])
        ),
        resources=ResourceRequirements(limits=draw(st.sampled_from([{}, {"cpu": "1", "memory": "1Gi"}]))),
        volume_mounts=draw(st.sampled_from([(), (VolumeMount(name="v", mount_path="/v"),)])),
    )


@st.composite
def pods(draw: st.DrawFn, name: str) -> DesiredPod:
    volume = draw(
        st.sampled_from(
            [
                Volume(name="v", empty_dir=EmptyDirVolume(medium="Memory")),
                Volume(name="v", config_map=ConfigMapVolume(name="settings")),
                Volume(name="v", secret=SecretVolume(secret_name="password")),
            ]
        )
    )
    return pod(
        name,
        *(draw(containers(one)) for one in draw(st.sampled_from([("web",), ("web", "side")]))),
        volumes=(volume,),
        host_network=draw(st.booleans()),
        restart_policy=draw(st.sampled_from(["Always", "OnFailure", "Never"])),
        config=(
            config_map(colour=draw(st.sampled_from(["red", "blue"]))),
            secret(token=draw(st.sampled_from(["hunter2", "swordfish"]))),
        ),
    )


@st.composite
def hosts(draw: st.DrawFn) -> HostDesired:
    """Every name is desired, kept, leaving or nothing at all."""
    wanted, kept, leaving = [], [], []
    for name in NAMES:
        match draw(st.sampled_from(["desired", "desired", "kept", "leaving", "nothing"])):
            case "desired":
                wanted.append(draw(pods(name)))
            case "kept":
                kept.append(KeptPod(key=pod_key(name), cause=ROLLOUT))
            case "leaving":
                leaving.append(LeavingPod(key=pod_key(name), cause=ROLLOUT))
            case _:
                pass
    return host_desired(*wanted, kept=tuple(kept), leaving=tuple(leaving))


@st.composite
def mishaps(draw: st.DrawFn, seen: Seen) -> Seen:
    """Let things go wrong with what runs."""
    sandboxes = tuple(
        replace(one, ready=draw(st.sampled_from([True, True, False])))
        for one in seen.sandboxes
        if draw(st.sampled_from([True, True, True, False]))
    )
    alive = {one.id for one in sandboxes}
    made = []
    for one in seen.containers:
        if one.sandbox_id not in alive:
            continue
        state = draw(st.sampled_from(["running", "running", "exited", "created", "unknown", "gone"]))
        if state != "gone":
            code = draw(st.sampled_from([0, 1, 137])) if state == "exited" else 0
            made.append(replace(one, state=state, exit_code=code, finished_at=NOW))
        if draw(st.integers(0, 5)) == 0:
            made.append(replace(one, id=f"{one.id}x", config=replace(one.config, labels={})))
    images = tuple(
        replace(one, id="sha256:" + "f" * 64, digests=()) if draw(st.integers(0, 5)) == 0 else one
        for one in seen.images
    )
    return replace(
        seen,
        sandboxes=(*sandboxes, FOREIGN),
        containers=(*made, THEIRS),
        images=images if len({one.id for one in images}) == len(images) else seen.images,
        files=draw(edited(seen.files)),
    )


@st.composite
def edited(draw: st.DrawFn, files: Mapping[str, FileSeen]) -> dict[str, FileSeen]:
    kept = {path: file for path, file in files.items() if draw(st.integers(0, 7))}
    return {
        path: file if draw(st.integers(0, 7)) else FileSeen(sha256="0" * 64, mode=0o777) for path, file in kept.items()
    }


def settle(wanted: HostDesired, seen: Seen) -> Seen:
    """Plan and act until nothing is left to do but to wait for something that time alone does not bring."""
    now = NOW
    for _ in range(20):
        made = plan(wanted, seen, now)
        if not made.actions and made.wake_at is None:
            return seen
        now = now + 1 if made.actions else max(now + 1, made.wake_at or now)
        seen = act(wanted, seen, now)
        assert FOREIGN not in seen.sandboxes or THEIRS in seen.containers
    raise AssertionError(f"does not settle: {plan(wanted, seen, now)}")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_host_settles_and_stays_settled(data: st.DataObject) -> None:
    before = data.draw(hosts())
    broken = data.draw(mishaps(settle(before, EMPTY)))
    wanted = data.draw(st.one_of(st.just(before), hosts()))
    settled = settle(wanted, broken)

    assert FOREIGN in settled.sandboxes
    assert THEIRS in settled.containers
    made = plan(wanted, settled, NOW + 10_000)
    assert made.actions == ()
    running = observed_pods(settled, "prod")
    waiting = {entry.pod for entry in made.waiting}
    stay = {one.key for one in wanted.pods} | {one.key for one in wanted.kept}
    assert running.keys().isdisjoint(one.key for one in wanted.leaving)
    assert running.keys() - stay <= waiting, "what nobody mentions waits to be decided on"
    for one in wanted.pods:
        if one.key in waiting:
            continue
        states = {name: found.state for name, found in running[one.key].current.items()}
        assert states.keys() == {container.name for container in one.spec.containers}
        rendered = render_pod(one, machine("edge-1", "prod", KEY, FACTS))
        for volume in rendered.volumes if running[one.key].sandbox.ready else ():
            assert projected_files(settled)[volume.tree.root] == volume.layout
        if one.spec.restart_policy == "Always":
            assert set(states.values()) == {"running"}
            assert running[one.key].sandbox.ready
        if running[one.key].sandbox.ready:
            assert running[one.key].strangers == ()
        assert len(running[one.key].sandboxes) == 1


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_equal_input_gives_equal_plans(data: st.DataObject) -> None:
    wanted = data.draw(hosts())
    broken = data.draw(mishaps(settle(data.draw(hosts()), EMPTY)))
    shuffled = replace(
        broken,
        sandboxes=tuple(reversed(broken.sandboxes)),
        containers=tuple(reversed(broken.containers)),
        files={path: broken.files[path] for path in sorted(broken.files, reverse=True)},
    )
    assert plan(wanted, broken) == plan(wanted, replace(broken))
    assert [action.id for action in plan(wanted, shuffled).actions] == [
        action.id for action in plan(wanted, broken).actions
    ]
