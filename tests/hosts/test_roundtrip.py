"""Whatever is planned comes back from the runtime as it was planned, but for what was changed in place since."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.hosts.cri.decode import decode_container, decode_sandbox
from agent.hosts.cri.encode import encode_container, encode_sandbox
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model import labels
from agent.model.cri import (
    ContainerConfig,
    ContainerSecurity,
    Dns,
    EnvValue,
    HugepageLimit,
    LinuxResources,
    Mount,
    Namespaces,
    PortMapping,
    Profile,
    SandboxConfig,
    SelinuxLabel,
)
from tests.hosts.go_json import go_json

TEXT = st.text(st.characters(codec="utf-8", exclude_characters=","), max_size=8)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
MAPS = st.dictionaries(TEXT, TEXT, max_size=3)
IDS = st.none() | st.integers(0, 1 << 32)
GROUPS = st.lists(st.integers(0, 1 << 32), max_size=3).map(tuple)
AMOUNTS = st.integers(0, 1 << 50)
RANGES = st.tuples(st.integers(1, 1 << 31), st.integers(1, 65_536))
PROFILES = st.builds(Profile, type=st.sampled_from(("runtime-default", "unconfined", "localhost")), localhost=TEXT)
LABELS = st.none() | st.builds(SelinuxLabel, user=TEXT, role=TEXT, type=TEXT, level=TEXT)
SIGNALS = st.just("") | st.sampled_from([name for name, _ in pb.Signal.items() if name.startswith("SIG")])


@st.composite
def namespaces(draw: st.DrawFn) -> Namespaces:
    mapped = draw(st.none() | RANGES)
    return Namespaces(
        network=draw(st.sampled_from(("pod", "host"))),
        pid=draw(st.sampled_from(("container", "pod", "host"))),
        ipc=draw(st.sampled_from(("pod", "host"))),
        users="pod" if mapped else "host",
        user_mapping=mapped,
    )


SANDBOXES = st.builds(
    SandboxConfig,
    name=TEXT,
    namespace=TEXT,
    uid=TEXT,
    attempt=st.integers(0, 1 << 31),
    hostname=TEXT,
    log_directory=TEXT,
    port_mappings=st.lists(
        st.builds(
            PortMapping,
            container_port=st.integers(0, 65_535),
            host_port=st.integers(0, 65_535),
            protocol=st.sampled_from(("TCP", "UDP", "SCTP")),
            host_ip=TEXT,
        ),
        max_size=2,
    ).map(tuple),
    labels=MAPS,
    annotations=MAPS,
    cgroup_parent=TEXT,
    privileged=st.booleans(),
    namespaces=namespaces(),
    dns=st.none() | st.builds(Dns, servers=TEXTS, searches=TEXTS, options=TEXTS),
    sysctls=MAPS,
    supplemental_groups=GROUPS,
    run_as_user=IDS,
    run_as_group=IDS,
    selinux=LABELS,
    runtime_handler=TEXT,
)
MOUNTS = st.builds(
    Mount,
    container_path=TEXT,
    host_path=TEXT,
    readonly=st.booleans(),
    propagation=st.sampled_from(("private", "host-to-container", "bidirectional")),
    recursive_read_only=st.booleans(),
) | st.builds(lambda path, image: Mount(container_path=path, host_path="", image=image), TEXT, TEXT)
RESOURCES = st.builds(
    LinuxResources,
    cpu_period=AMOUNTS,
    cpu_quota=AMOUNTS,
    cpu_shares=AMOUNTS,
    memory_limit_in_bytes=AMOUNTS,
    oom_score_adj=st.integers(-1000, 1000),
    hugepage_limits=st.lists(st.builds(HugepageLimit, page_size=TEXT, limit=AMOUNTS), max_size=2).map(tuple),
    unified=MAPS,
)
SECURITY = st.builds(
    ContainerSecurity,
    privileged=st.booleans(),
    readonly_rootfs=st.booleans(),
    run_as_user=IDS,
    run_as_group=IDS,
    no_new_privs=st.booleans(),
    add_capabilities=TEXTS,
    drop_capabilities=TEXTS,
    namespaces=namespaces(),
    run_as_username=TEXT,
    supplemental_groups=GROUPS,
    supplemental_groups_policy=st.sampled_from(("merge", "strict")),
    seccomp=PROFILES,
    apparmor=st.none() | PROFILES,
    selinux=LABELS,
    masked_paths=TEXTS,
    readonly_paths=TEXTS,
)
CONTAINERS = st.builds(
    ContainerConfig,
    name=TEXT,
    attempt=st.integers(0, 1 << 31),
    image=TEXT,
    command=TEXTS,
    args=TEXTS,
    working_dir=TEXT,
    envs=st.lists(st.builds(EnvValue, name=TEXT, value=TEXT), max_size=2).map(tuple),
    mounts=st.lists(MOUNTS, max_size=3).map(tuple),
    labels=MAPS,
    annotations=MAPS.map(lambda written: {**written, labels.SENSITIVE: ""}),
    log_path=TEXT,
    stdin=st.booleans(),
    stdin_once=st.booleans(),
    tty=st.booleans(),
    stop_signal=SIGNALS,
    resources=RESOURCES,
    security=SECURITY,
)
SMALL = ContainerConfig(
    name="a",
    image="b",
    annotations={labels.SENSITIVE: ""},
    resources=LinuxResources(
        cpu_period=100_000, cpu_quota=50_000, cpu_shares=512, memory_limit_in_bytes=1 << 28, oom_score_adj=999
    ),
)


@given(SANDBOXES)
def test_every_sandbox_comes_back(config: SandboxConfig) -> None:
    shown = go_json(encode_sandbox(config), runtimeHandler=config.runtime_handler)
    assert decode_sandbox(shown) == config


@given(CONTAINERS)
def test_every_container_comes_back(config: ContainerConfig) -> None:
    assert decode_container(go_json(encode_container(config))) == config


def oci(**resources: object) -> dict[str, object]:
    return {"linux": {"resources": resources, "seccomp": {"defaultAction": "x"}}, "process": {"oomScoreAdj": 5}}


def test_limits_that_were_changed_in_place_are_seen() -> None:
    changed = oci(cpu={"shares": 1024, "quota": -1, "period": 100_000}, memory={"limit": 1 << 29, "swap": 1})
    found = decode_container(go_json(encode_container(SMALL), runtimeSpec=changed))
    assert found is not None
    assert found.resources == LinuxResources(
        cpu_period=100_000, cpu_shares=1024, memory_limit_in_bytes=1 << 29, oom_score_adj=999
    )


def test_limits_that_the_runtime_confirms_or_does_not_tell_are_those_of_the_configuration() -> None:
    told = oci(cpu={"shares": 512, "quota": 50_000, "period": 100_000}, memory={"limit": 1 << 28})
    specs: tuple[dict[str, object] | None, ...] = (told, oci(), {"linux": {}}, {}, None)
    for spec in specs:
        assert decode_container(go_json(encode_container(SMALL), runtimeSpec=spec)) == SMALL


def test_mounts_of_a_pod_with_users_of_its_own_are_mapped_as_the_pod_is() -> None:
    inside = Namespaces(users="pod", user_mapping=(1 << 30, 65_536))
    message = encode_container(
        replace(
            SMALL,
            security=ContainerSecurity(namespaces=inside),
            mounts=(Mount(container_path="/data", host_path="/var/lib/trimtab/pods/u/volumes/empty-dir/d"),),
        )
    )
    (mount,) = message.mounts
    assert [(one.host_id, one.container_id, one.length) for one in mount.uidMappings] == [(1 << 30, 0, 65_536)]
    assert mount.gidMappings == mount.uidMappings


def test_only_volumes_of_the_pod_itself_are_relabelled_for_selinux() -> None:
    paths = ("/etc", "/var/lib/trimtab/pods/u/volumes/empty-dir/d", "/run/trimtab/pods/u/volumes/secret/s")
    mounts = tuple(Mount(container_path=path, host_path=path) for path in paths)
    assert [one.selinux_relabel for one in encode_container(replace(SMALL, mounts=mounts)).mounts] == [
        False,
        True,
        True,
    ]
