"""Volumes of every kind: what is written, made, mounted and owned for them, and what is refused with its reason."""

import pytest
from msgspec.structs import replace

from agent.model.cause import Commit
from agent.model.cri import Mount
from agent.model.desired import ClaimedVolume, DesiredPod
from agent.model.files import Folder, MountedFilesystem, OwnedVolume
from agent.model.objects.pod import (
    ClaimVolume,
    ConfigMapProjection,
    ConfigMapVolume,
    DownwardFile,
    DownwardVolume,
    EmptyDirVolume,
    EnvVar,
    FieldRef,
    HostPathVolume,
    ImageVolume,
    KeyToPath,
    NfsVolume,
    PodSecurityContext,
    ProjectedVolume,
    ResourceFieldRef,
    ResourceRequirements,
    SecretProjection,
    Volume,
    VolumeMount,
    VolumeProjection,
)
from agent.model.observation import Feature, RuntimeFacts
from agent.planner.host.rendering.machine import machine
from agent.planner.host.rendering.render import render_pod
from agent.planner.host.rendering.rendered import RenderedPod
from tests.planner.host.build import KEY, act, config_map, container, converge, desired, only, plan, pod, secret

FACTS = RuntimeFacts(cpu_millis=4000, memory_bytes=8 << 30)


def rendered(one: DesiredPod, *features: Feature) -> RenderedPod:
    return render_pod(one, machine("edge-1", "prod", KEY, replace(FACTS, features=features)))


def mounting(volume: Volume, *, env: tuple[EnvVar, ...] = (), **mount: object) -> DesiredPod:
    where = VolumeMount(name=volume.name, mount_path="/data", **mount)  # type: ignore[arg-type] # a test's shorthand
    return pod("web", container(volume_mounts=(where,), env=env), volumes=(volume,))


def mount_of(made: RenderedPod) -> Mount:
    assert not made.refused
    return next(one for one in made.containers[0].config.mounts if one.container_path == "/data")


def folder_of(made: RenderedPod, path: str) -> Folder:
    assert not made.refused
    return next(one for one in made.folders if one.path == path)


SCRATCH = Volume(name="scratch", empty_dir=EmptyDirVolume())


# Memory-backed scratch


@pytest.mark.parametrize(
    ("size", "limits", "expected"),
    [
        ("1Gi", {}, 1 << 30),
        (None, {}, 8 << 30),
        (None, {"memory": "64Mi"}, 64 << 20),
        ("1Gi", {"memory": "2Gi"}, 1 << 30),
    ],
)
def test_memory_is_bounded_by_what_the_pod_may_use(size: str | None, limits: dict[str, str], expected: int) -> None:
    volume = Volume(name="scratch", empty_dir=EmptyDirVolume(medium="Memory", size_limit=size))
    made = rendered(pod("web", container(resources=ResourceRequirements(limits=limits)), volumes=(volume,)))
    folder = folder_of(made, f"/run/trimtab/pods/{made.uid}/volumes/empty-dir/scratch")
    assert (folder.medium, folder.size_limit, folder.mode) == ("Memory", expected, 0o777)


def test_the_size_limit_of_a_disk_is_only_measured() -> None:
    made = rendered(mounting(Volume(name="scratch", empty_dir=EmptyDirVolume(size_limit="1Gi"))))
    assert folder_of(made, f"/var/lib/trimtab/pods/{made.uid}/volumes/empty-dir/scratch").size_limit == 0


# Paths of the host


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DirectoryOrCreate", Folder(path="/srv/x")),
        ("FileOrCreate", Folder(path="/srv/x", mode=0o644, kind="file")),
        ("Directory", Folder(path="/srv/x", must_exist=True)),
        ("File", Folder(path="/srv/x", mode=0o644, kind="file", must_exist=True)),
        ("Socket", Folder(path="/srv/x", mode=0o644, kind="socket", must_exist=True)),
        ("CharDevice", Folder(path="/srv/x", mode=0o644, kind="char-device", must_exist=True)),
        ("BlockDevice", Folder(path="/srv/x", mode=0o644, kind="block-device", must_exist=True)),
    ],
)
def test_a_path_of_the_host_is_made_or_looked_for_by_its_type(kind: str, expected: Folder) -> None:
    volume = Volume(name="host", host_path=HostPathVolume(path="/srv/x", type=kind))  # type: ignore[arg-type] # same
    assert folder_of(rendered(mounting(volume)), "/srv/x") == expected


def test_a_path_of_the_host_without_a_type_is_taken_as_it_is() -> None:
    made = rendered(mounting(Volume(name="host", host_path=HostPathVolume(path="/srv/x"))))
    assert not [folder for folder in made.folders if folder.path == "/srv/x"]
    assert mount_of(made) == Mount(container_path="/data", host_path="/srv/x")


# Servers and claims


def test_an_nfs_volume_is_mounted_below_the_pod() -> None:
    made = rendered(mounting(Volume(name="share", nfs=NfsVolume(server="fd00::1", path="/exports", read_only=True))))
    path = f"/var/lib/trimtab/pods/{made.uid}/volumes/nfs/share"
    assert made.mounts == (MountedFilesystem(path=path, source="[fd00::1]:/exports", options=("ro",)),)
    assert mount_of(made) == Mount(container_path="/data", host_path=path, readonly=True)


def claiming(claimed: ClaimedVolume | None, *, read_only: bool = False, policy: str = "Always") -> DesiredPod:
    volume = Volume(name="db", persistent_volume_claim=ClaimVolume(claim_name="db-0", read_only=read_only))
    one = mounting(volume)
    context = PodSecurityContext(fs_group=2000, fs_group_change_policy=policy)  # type: ignore[arg-type] # same
    claims = {"db": claimed} if claimed else {}
    return replace(one, spec=replace(one.spec, security_context=context), claims=claims)


PROVISIONED = ClaimedVolume(claim="db-0", volume="pv-1", path="/var/lib/trimtab/volumes/pv-1", provisioned=True)


def test_a_claim_that_is_not_bound_is_refused() -> None:
    assert rendered(claiming(None)).refused == (
        "volume db: claim db-0 is not bound to a PersistentVolume on this host yet"
    )


def test_a_provisioned_claim_is_made_and_given_to_the_group() -> None:
    made = rendered(claiming(PROVISIONED, policy="OnRootMismatch"))
    assert folder_of(made, PROVISIONED.path) == Folder(path=PROVISIONED.path, mode=0o2777, group=2000)
    assert made.owned == (OwnedVolume(path=PROVISIONED.path, group=2000, on_root_mismatch=True),)


def test_a_claim_of_a_folder_that_is_there_is_never_made() -> None:
    made = rendered(claiming(ClaimedVolume(claim="db-0", volume="pv-1", path="/mnt/ssd"), read_only=True))
    assert folder_of(made, "/mnt/ssd").must_exist
    assert (made.owned, mount_of(made).readonly) == ((), True)


def test_a_claim_on_a_server_is_mounted_with_its_options() -> None:
    claimed = ClaimedVolume(claim="db-0", volume="pv", path="/e", server="nfs.example", mount_options=("nfsvers=4.1",))
    made = rendered(claiming(claimed))
    path = f"/var/lib/trimtab/pods/{made.uid}/volumes/nfs/db"
    assert made.mounts == (MountedFilesystem(path=path, source="nfs.example:/e", options=("nfsvers=4.1",)),)
    assert (made.owned, mount_of(made).host_path) == ((), path)


# Images


def test_an_image_is_mounted_where_the_host_can_and_refused_where_not() -> None:
    one = mounting(Volume(name="model", image=ImageVolume(reference="models/llama:1")))
    assert rendered(one).refused.endswith("image volumes need containerd 2.1 or newer on the host")
    assert mount_of(rendered(one, "image-volumes")) == Mount(
        container_path="/data", host_path="", readonly=True, image="models/llama:1"
    )


# Mounts


def test_a_sub_path_names_the_volume_that_it_must_not_leave() -> None:
    made = rendered(mounting(SCRATCH, sub_path="a//./b"))
    volume = f"/var/lib/trimtab/pods/{made.uid}/volumes/empty-dir/scratch"
    assert mount_of(made) == Mount(container_path="/data", host_path=f"{volume}/a/b", volume=volume)
    assert not [folder for folder in made.folders if folder.path.startswith(f"{volume}/")]


@pytest.mark.parametrize(
    ("expression", "ending"),
    [("logs/$(NAME)", "/scratch/logs/web-0"), ("$$(NAME)", "/scratch/$(NAME)"), ("$(EMPTY)", "/scratch")],
)
def test_a_sub_path_may_use_the_environment(expression: str, ending: str) -> None:
    env = (EnvVar(name="NAME", value="web-0"), EnvVar(name="EMPTY", value=""))
    assert mount_of(rendered(mounting(SCRATCH, env=env, sub_path_expr=expression))).host_path.endswith(ending)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("$(MISSING)", "the container has no variable MISSING"),
        ("a/$(UP)", "must be a relative path that stays inside its volume"),
        ("$(ROOT)", "must be a relative path that stays inside its volume"),
    ],
)
def test_a_sub_path_that_leads_out_is_refused(expression: str, why: str) -> None:
    env = (EnvVar(name="UP", value="../../etc"), EnvVar(name="ROOT", value="/etc"))
    assert why in rendered(mounting(SCRATCH, env=env, sub_path_expr=expression)).refused


@pytest.mark.parametrize(
    ("asked", "features", "expected"),
    [
        ("Disabled", ("recursive-read-only",), False),
        ("IfPossible", (), False),
        ("IfPossible", ("recursive-read-only",), True),
        ("Enabled", ("recursive-read-only",), True),
    ],
)
def test_what_is_mounted_inside_is_read_only_where_the_host_can(
    asked: str, features: tuple[Feature, ...], expected: bool
) -> None:
    one = mounting(SCRATCH, read_only=True, recursive_read_only=asked)
    assert mount_of(rendered(one, *features)).recursive_read_only is expected


def test_what_must_be_read_only_and_cannot_is_refused() -> None:
    one = mounting(SCRATCH, read_only=True, recursive_read_only="Enabled")
    assert "needs containerd 2.0 or newer" in rendered(one).refused


def test_propagation_is_passed_on() -> None:
    assert mount_of(rendered(mounting(SCRATCH, mount_propagation="Bidirectional"))).propagation == "bidirectional"


# Files


def self_volume(*items: DownwardFile) -> Volume:
    return Volume(name="self", downward_api=DownwardVolume(items=items))


LABELS = DownwardFile(path="labels", field_ref=FieldRef(field_path="metadata.labels"))


def test_resources_are_shown_in_units_of_their_divisor() -> None:
    ref = ResourceFieldRef(resource="limits.memory", container_name="web", divisor="1Mi")
    made = rendered(mounting(self_volume(DownwardFile(path="memory", resource_field_ref=ref, mode=0o400))))
    (file,) = made.volumes[0].tree.files
    assert (file.content, file.mode) == (b"8192", 0o400)


def test_a_changed_label_is_written_in_place_because_the_manifest_asks() -> None:
    one = mounting(self_volume(LABELS))
    seen = converge(desired(one))
    changed = desired(replace(one, labels={"app": "web", "tier": 'a"b'}))
    action = only(plan(changed, seen))
    assert (action.verb, action.consequence) == ("update", "in place")
    assert isinstance(action.cause, Commit)
    assert (action.cause.path, action.cause.summary) == ("metadata.labels", "metadata.labels changed")
    assert plan(changed, act(changed, seen)).actions == ()


def projecting(*sources: VolumeProjection) -> DesiredPod:
    one = mounting(Volume(name="all", projected=ProjectedVolume(sources=sources)))
    return replace(one, config={data.key: data for data in (config_map(one="1", two="2"), secret(one="hunter2"))})


def test_a_secret_among_the_sources_keeps_all_of_them_in_memory() -> None:
    items = (KeyToPath(key="one", path="keys/one"),)
    made = rendered(
        projecting(
            VolumeProjection(config_map=ConfigMapProjection(name="settings")),
            VolumeProjection(secret=SecretProjection(name="password", items=items)),
        )
    )
    tree = made.volumes[0].tree
    assert (tree.sensitive, tree.root) == (True, f"/run/trimtab/pods/{made.uid}/volumes/projected/all")
    assert [file.path for file in tree.files] == ["keys/one", "one", "two"]
    assert "hunter2" not in repr(made)


def test_two_sources_of_one_path_are_refused() -> None:
    both = projecting(
        VolumeProjection(config_map=ConfigMapProjection(name="settings")),
        VolumeProjection(secret=SecretProjection(name="password")),
    )
    assert rendered(both).refused == "volume all: two of its sources have the path 'one'"


def test_a_changed_key_of_a_projected_volume_is_its_config_maps_change() -> None:
    one = projecting(VolumeProjection(config_map=ConfigMapProjection(name="settings")))
    seen = converge(desired(one))
    data = config_map(one="changed", two="2")
    action = only(plan(desired(replace(one, config={data.key: data})), seen))
    assert isinstance(action.cause, Commit)
    assert (str(action.cause.object), action.cause.path) == ("ConfigMap default/settings", "data.one")
    assert action.differences[0].path == "spec.volumes[all].projected[one]"


def test_the_group_may_read_files() -> None:
    volume = Volume(name="conf", config_map=ConfigMapVolume(name="settings", default_mode=0o400))
    one = mounting(volume)
    one = replace(one, spec=replace(one.spec, security_context=PodSecurityContext(fs_group=2000)))
    data = config_map(one="1")
    tree = rendered(replace(one, config={data.key: data})).volumes[0].tree
    assert (tree.group, tree.files[0].mode) == (2000, 0o440)


def test_a_changed_config_map_restarts_nothing_because_of_a_sub_path() -> None:
    one = mounting(Volume(name="conf", config_map=ConfigMapVolume(name="settings")), sub_path="one")
    before, after = config_map(one="1"), config_map(one="2")
    seen = converge(desired(replace(one, config={before.key: before})))
    assert only(plan(desired(replace(one, config={after.key: after})), seen)).consequence == "in place"
