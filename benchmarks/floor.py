"""The floor: the same CRI calls from a bare client on containerd's own socket, with nothing around them."""

import time
from concurrent.futures import ThreadPoolExecutor

import grpc

from agent.hosts.proto import runtime_v1_pb2 as cri
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
        uid = f"floor-{name}"
        logs = f"/var/log/pods/default_{name}_{uid}"
        (self.host.data / logs.lstrip("/")).mkdir(parents=True, exist_ok=True)
        sandbox = cri.PodSandboxConfig(
            metadata=cri.PodSandboxMetadata(name=name, namespace="default", uid=uid),
            hostname=name,
            log_directory=logs,
            linux=cri.LinuxPodSandboxConfig(
                security_context=cri.LinuxSandboxSecurityContext(
                    namespace_options=cri.NamespaceOption(pid=cri.CONTAINER)
                )
            ),
        )
        container = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name="main"),
            image=cri.ImageSpec(image=image),
            command=SLEEP,
            log_path="main.log",
            linux=cri.LinuxContainerConfig(
                security_context=cri.LinuxContainerSecurityContext(
                    namespace_options=cri.NamespaceOption(pid=cri.CONTAINER)
                )
            ),
        )
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
