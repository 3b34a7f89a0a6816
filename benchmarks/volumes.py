"""A pod with 12 volumes and 5 containers, against its bare CRI calls: what its files and folders add.

The clock runs from the first step of the plan to the last container's start, over SSH, with the image on the host. The
bare client makes the same calls with the same messages, and nothing around them: containerd makes the folders.
"""

import statistics
import time

from agent.hosts.connect import connect
from agent.hosts.cri.encode import encode_container, encode_sandbox
from agent.hosts.host import ContainerdHost
from agent.hosts.proto import runtime_v1_pb2 as cri
from agent.model.action import Outcome
from agent.model.desired import ConfigData, DesiredPod, HostDesired
from agent.model.objects import ObjectKey, PodKey
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, HostSpec, Ssh
from agent.model.objects.meta import ConfigKey, ObjectMeta
from agent.model.objects.pod import (
    ConfigMapVolume,
    Container,
    DownwardFile,
    DownwardVolume,
    EmptyDirVolume,
    FieldRef,
    HostPathVolume,
    PodSpec,
    ProjectedVolume,
    SecretProjection,
    SecretVolume,
    Volume,
    VolumeMount,
    VolumeProjection,
)
from agent.model.observation import RuntimeFacts
from agent.model.origin import Origin
from agent.model.plan import FingerprintKey, HostInput
from agent.planner.host import plan_host
from agent.planner.host.rendering.machine import machine
from agent.planner.host.rendering.render import render_pod
from agent.planner.host.rendering.rendered import RenderedPod
from benchmarks.floor import BareClient
from benchmarks.stage import stage, wipe
from tests.e2e.fleet import Fleet
from tests.e2e.manifests import SLEEP

ROUNDS = 7
CONTAINERS = 5
AGENT = "bench"
KEY = FingerprintKey(value=bytes(32))

_LABELS = DownwardFile(path="labels", field_ref=FieldRef(field_path="metadata.labels"))
_KEYS = "keys"
VOLUMES = (
    *(Volume(name=f"config-{number}", config_map=ConfigMapVolume(name="settings")) for number in range(3)),
    *(Volume(name=f"secret-{number}", secret=SecretVolume(secret_name=_KEYS)) for number in range(2)),
    *(Volume(name=f"scratch-{number}", empty_dir=EmptyDirVolume()) for number in range(3)),
    Volume(name="memory", empty_dir=EmptyDirVolume(medium="Memory", size_limit="16Mi")),
    Volume(name="self", downward_api=DownwardVolume(items=(_LABELS,))),
    Volume(
        name="all",
        projected=ProjectedVolume(sources=(VolumeProjection(secret=SecretProjection(name=_KEYS)),)),
    ),
    Volume(name="host", host_path=HostPathVolume(path="/srv/shared", type="DirectoryOrCreate")),
)


class WallClock:
    """The time of this machine."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()


def run() -> dict[str, object]:
    with stage(1) as fleet:
        host = _connect(fleet)
        bare: list[float] = []
        ours: list[float] = []
        for number in range(ROUNDS):  # in turn, so that a slow minute of the machine hits both
            desired = _pod(f"p{number}", fleet.lab.images.reference("app", "1.0"))
            bare.append(_bare(fleet, desired))
            wipe(fleet)
            ours.append(_trimtab(host, desired))
            wipe(fleet)
        host.close()
    floor, seconds = statistics.median(bare), statistics.median(ours)
    return {"floor seconds": floor, "trimtab seconds": seconds, "trimtab / floor": seconds / floor}


def _connect(fleet: Fleet) -> ContainerdHost:
    lab = fleet.lab
    declared = Host(metadata=ObjectMeta(name="h1"), spec=HostSpec(ssh=Ssh(address=lab.hosts[0].address)))
    settings = SshDefaults(identity_file=str(lab.identity_file), known_hosts_file=str(lab.known_hosts_file))
    return connect(declared, settings, AGENT, claim=KEY, clock=WallClock())


def _pod(name: str, image: str) -> DesiredPod:
    mounts = tuple(VolumeMount(name=volume.name, mount_path=f"/mnt/{volume.name}") for volume in VOLUMES)
    containers = (
        Container(name=f"c{number}", image=image, command=tuple(SLEEP), volume_mounts=mounts)
        for number in range(CONTAINERS)
    )
    config = (
        ConfigData(key=ConfigKey(kind=kind, name=of), entries={"a": b"one", "b": b"two"}, origin=Origin(file="c.yaml"))
        for kind, of in (("ConfigMap", "settings"), ("Secret", _KEYS))
    )
    return DesiredPod(
        key=PodKey(namespace="default", name=name),
        owner=ObjectKey(kind="Pod", namespace="default", name=name),
        origin=Origin(file="pods.yaml"),
        spec_path="spec",
        spec=PodSpec(containers=tuple(containers), volumes=VOLUMES, termination_grace_period_seconds=2),
        labels={"app": name},
        config={one.key: one for one in config},
    )


def _trimtab(host: ContainerdHost, desired: DesiredPod) -> float:
    seen = host.observe()
    wanted = HostDesired(host="h1", agent=AGENT, revision="bench", pods=(desired,))
    plan = plan_host(HostInput(desired=wanted, observation=seen, key=KEY, now=time.time()))
    outcomes: list[Outcome] = []
    started = time.perf_counter()
    host.execute(plan.actions, report=outcomes.append, superseded=lambda: False)
    taken = time.perf_counter() - started
    assert [outcome.error for outcome in outcomes] == [""], outcomes
    assert sum(one.state == "running" for one in host.observe().containers) == CONTAINERS
    return taken


def _bare(fleet: Fleet, desired: DesiredPod) -> float:
    client = BareClient(fleet.lab.hosts[0])
    rendered = _rendered(desired)
    sandbox = encode_sandbox(rendered.sandbox)
    (client.host.data / sandbox.log_directory.lstrip("/")).mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    made = client.runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=sandbox)).pod_sandbox_id
    for container in rendered.containers:
        client.start_container(made, sandbox, encode_container(container.config))
    taken = time.perf_counter() - started
    client.close()
    return taken


def _rendered(desired: DesiredPod) -> RenderedPod:
    rendered = render_pod(desired, machine("h1", "floor", KEY, RuntimeFacts(memory_bytes=8 << 30)))
    assert not rendered.refused, rendered.refused
    return rendered
