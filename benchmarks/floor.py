"""The floor: the same CRI calls from a bare client on containerd's own socket, with nothing around them."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from msgspec.structs import replace

from agent.hosts.cri.encode import encode_container, encode_sandbox
from agent.hosts.proto import runtime_v1_pb2 as cri
from agent.model.desired import DesiredPod
from agent.model.objects import ObjectKey, PodKey
from agent.model.objects.pod import Container, PodSpec
from agent.model.observation import RuntimeFacts
from agent.model.origin import Origin
from agent.model.plan import FingerprintKey
from agent.planner.host.rendering.machine import machine
from agent.planner.host.rendering.render import render_pod
from lab.host import LabHost
from tests.e2e.containerd import Service
from tests.e2e.manifests import SLEEP


class BareClient:
    """Calls to one host's containerd, straight on its socket."""

    def __init__(self, host: LabHost) -> None:
        self.host = host
        options = [("grpc.default_authority", "localhost")]
        self.channel = grpc.insecure_channel(f"unix://{host.containerd_socket}", options=options)
        self.runtime = Service(self.channel)

    def start_pod(self, name: str, image: str) -> tuple[str, cri.PodSandboxConfig, cri.ContainerConfig]:
        """RunPodSandbox, CreateContainer, StartContainer: what no agent can do without."""
        sandbox, container = _messages(self.host.name, name, image)
        (self.host.data / sandbox.log_directory.lstrip("/")).mkdir(parents=True, exist_ok=True)
        made = self.runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=sandbox)).pod_sandbox_id
        self.start_container(made, sandbox, container)
        return made, sandbox, container

    def start_container(self, sandbox_id: str, sandbox: cri.PodSandboxConfig, container: cri.ContainerConfig) -> str:
        """CreateContainer and StartContainer."""
        request = cri.CreateContainerRequest(pod_sandbox_id=sandbox_id, config=container, sandbox_config=sandbox)
        made = str(self.runtime.CreateContainer(request).container_id)
        self.runtime.StartContainer(cri.StartContainerRequest(container_id=made))
        return made

    def close(self) -> None:
        """Let go of the socket."""
        self.channel.close()


def _messages(host: str, name: str, image: str) -> tuple[cri.PodSandboxConfig, cri.ContainerConfig]:
    """Return the very messages that trimtab would send, so that containerd and runc have the same work to do."""
    spec = PodSpec(
        containers=(Container(name="main", image=image, command=tuple(SLEEP)),), termination_grace_period_seconds=2
    )
    key = PodKey(namespace="default", name=name)
    desired = DesiredPod(
        key=key,
        owner=ObjectKey(kind="Pod", namespace=key.namespace, name=key.name),
        origin=Origin(file="pods.yaml"),
        spec_path="spec",
        spec=spec,
    )
    on = machine(host, "floor", FingerprintKey(value=bytes(32)), RuntimeFacts(memory_bytes=8 << 30))
    rendered = render_pod(desired, on)
    # The files that trimtab mounts into every container are work of its own, which the floor does not have.
    return encode_sandbox(rendered.sandbox), encode_container(replace(rendered.containers[0].config, mounts=()))


def start_pods(hosts: tuple[LabHost, ...], count: int, image: str, threads: int) -> float:
    """Start pods spread over hosts with `threads` a host, and return the seconds it took."""
    clients = [BareClient(host) for host in hosts]
    pools = [ThreadPoolExecutor(threads) for _ in hosts]
    started = time.perf_counter()
    try:
        futures = [
            pools[number % len(hosts)].submit(clients[number % len(hosts)].start_pod, f"p{number:03}", image)
            for number in range(count)
        ]
        for future in futures:
            future.result()
        return time.perf_counter() - started
    finally:
        for pool in pools:
            pool.shutdown()
        for client in clients:
            client.close()
