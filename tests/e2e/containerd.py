"""What containerd itself says, asked on its own socket, past all of trimtab's code but the generated messages."""

import itertools
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc

from agent.hosts.proto import runtime_v1_pb2 as cri
from lab.host import LabHost
from lab.processes import wait_for

_NUMBERS = itertools.count()
_LONGEST = 120.0
"""Seconds that an answer may take: a containerd that hangs fails its test, and does not hold up all others."""


@dataclass(frozen=True)
class Running:
    """One running container as containerd shows it."""

    host: str
    pod: str
    name: str
    id: str
    sandbox_id: str
    attempt: int
    image: str
    image_ref: str
    labels: dict[str, str]
    annotations: dict[str, str]


@contextmanager
def service(host: LabHost, name: str = "RuntimeService") -> Iterator[Any]:
    """Connect to a CRI service of a host: its methods by name, each from a request to an answer."""
    options = [("grpc.default_authority", "localhost")]
    with grpc.insecure_channel(f"unix://{host.containerd_socket}", options=options) as channel:
        yield Service(channel, name)


class Service:
    """The methods of one CRI service on a channel."""

    def __init__(self, channel: grpc.Channel, name: str = "RuntimeService") -> None:
        self._channel = channel
        self._name = name

    def __getattr__(self, method: str) -> Callable[[Any], Any]:
        call = self._channel.unary_unary(
            f"/runtime.v1.{self._name}/{method}",
            request_serializer=getattr(cri, f"{method}Request").SerializeToString,
            response_deserializer=getattr(cri, f"{method}Response").FromString,
        )
        return partial(call, timeout=_LONGEST)


def running(host: LabHost) -> list[Running]:
    """Every running container of a host whose sandbox is ready, foreign ones too, sorted by pod and name."""
    with service(host) as runtime:
        ready = {
            sandbox.id: sandbox
            for sandbox in runtime.ListPodSandbox(cri.ListPodSandboxRequest()).items
            if sandbox.state == cri.SANDBOX_READY
        }
        containers = runtime.ListContainers(cri.ListContainersRequest()).containers
    return sorted(
        (
            Running(
                host=host.name,
                pod=f"{ready[c.pod_sandbox_id].metadata.namespace}/{ready[c.pod_sandbox_id].metadata.name}",
                name=c.metadata.name,
                id=c.id,
                sandbox_id=c.pod_sandbox_id,
                attempt=c.metadata.attempt,
                image=c.image.image,
                image_ref=c.image_ref,
                labels=dict(c.labels),
                annotations=dict(c.annotations),
            )
            for c in containers
            if c.state == cri.CONTAINER_RUNNING and c.pod_sandbox_id in ready
        ),
        key=lambda c: (c.pod, c.name),
    )


def sandboxes(host: LabHost) -> list[cri.PodSandbox]:
    """Every sandbox of a host, ready or not."""
    with service(host) as runtime:
        return list(runtime.ListPodSandbox(cri.ListPodSandboxRequest()).items)


def execute(host: LabHost, container_id: str, *command: str) -> str:
    """Run a command in a container and return what it printed."""
    words = " ".join(shlex.quote(word) for word in command)
    exec_id = f"e2e-{next(_NUMBERS)}"
    return host.run(f"ctr -n k8s.io tasks exec --exec-id {exec_id} {container_id} {words}", check=True).stdout


def environment(host: LabHost, container_id: str) -> dict[str, str]:
    """The environment that a container's first process really has."""
    text = execute(host, container_id, "cat", "/proc/1/environ")
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


def kill_process(host: LabHost, container_id: str) -> None:
    """Kill a container's first process, as a crash or the kernel would; containerd has noticed when this returns."""
    host.run(f"ctr -n k8s.io tasks kill -s SIGKILL {container_id}", check=True)
    wait_for(f"the end of {container_id}", lambda: all(one.id != container_id for one in running(host)))


def remove_container(host: LabHost, container_id: str) -> None:
    """Remove a container by hand, as `crictl rm -f` does."""
    with service(host) as runtime:
        runtime.RemoveContainer(cri.RemoveContainerRequest(container_id=container_id))


def stop_sandbox(host: LabHost, sandbox_id: str) -> None:
    """Stop a sandbox by hand, as `crictl stopp` does."""
    with service(host) as runtime:
        runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox_id))


def remove_sandbox(host: LabHost, sandbox_id: str) -> None:
    """Stop and remove a sandbox by hand, as `crictl rmp -f` does."""
    stop_sandbox(host, sandbox_id)
    with service(host) as runtime:
        runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox_id))


def make_sandbox(host: LabHost, name: str, labels: dict[str, str]) -> str:
    """Make a pod sandbox by hand."""
    config = cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=name, uid=f"by-hand-{name}", namespace="default"), labels=labels
    )
    with service(host) as runtime:
        return str(runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=config)).pod_sandbox_id)


def make_container(host: LabHost, sandbox_id: str, name: str, image: str) -> str:
    """Make and start a container by hand in any sandbox."""
    made = _create(host, sandbox_id, name, image)
    with service(host) as runtime:
        runtime.StartContainer(cri.StartContainerRequest(container_id=made))
    return made


def make_half_started(host: LabHost, sandbox_id: str, name: str, image: str) -> str:
    """Make a container that has a process of which containerd's CRI service knows nothing, as a cut off start does."""
    made = _create(host, sandbox_id, name, image)
    host.run(f"ctr -n k8s.io tasks start --detach --null-io {made}", check=True)
    return made


def tasks(host: LabHost) -> list[str]:
    """The containers of a host that have a process, sandboxes too, whoever knows of them."""
    return host.run("ctr -n k8s.io tasks ls -q", check=True).stdout.split()


def _create(host: LabHost, sandbox_id: str, name: str, image: str) -> str:
    with service(host) as runtime:
        status = runtime.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id)).status
        config = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name=name),
            image=cri.ImageSpec(image=image),
            command=["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
        )
        request = cri.CreateContainerRequest(
            pod_sandbox_id=sandbox_id, config=config, sandbox_config=cri.PodSandboxConfig(metadata=status.metadata)
        )
        return str(runtime.CreateContainer(request).container_id)


def pull(host: LabHost, image: str) -> str:
    """Pull an image by hand."""
    with service(host, "ImageService") as images:
        request = cri.PullImageRequest(image=cri.ImageSpec(image=image))
        return str(images.PullImage(request).image_ref)


def wipe(host: LabHost) -> None:
    """Take everything off a host, so that the next test starts from nothing."""
    with service(host) as runtime:
        for container in runtime.ListContainers(cri.ListContainersRequest()).containers:
            runtime.StopContainer(cri.StopContainerRequest(container_id=container.id, timeout=0))
        sandboxes = runtime.ListPodSandbox(cri.ListPodSandboxRequest()).items
        for sandbox in sandboxes:
            runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox.id))
        # What the CRI service has lost sight of: it would not let go of a container with a task.
        host.run("ctr -n k8s.io tasks ls -q | xargs -r ctr -n k8s.io tasks rm -f")
        for sandbox in sandboxes:
            runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox.id))
    mounted = "cut -d ' ' -f 5 /proc/self/mountinfo | grep -E '^/(var/lib|run)/trimtab/pods/.' | sort -r"
    host.run(f"{mounted} | xargs -r -n 1 umount", check=True)
    host.run("rm -rf /var/lib/trimtab/* /run/trimtab/* /var/log/pods/*", check=True)


def everything_said(host: LabHost) -> str:
    """All labels and annotations of a host's sandboxes and containers, as one text to search."""
    with service(host) as runtime:
        parts = [
            *runtime.ListPodSandbox(cri.ListPodSandboxRequest()).items,
            *runtime.ListContainers(cri.ListContainersRequest()).containers,
        ]
    return json.dumps([[dict(part.labels), dict(part.annotations)] for part in parts])


def started_at(host: LabHost, container_id: str) -> float:
    """When a container was started, by containerd's own clock, seconds since the epoch."""
    with service(host) as runtime:
        status = runtime.ContainerStatus(cri.ContainerStatusRequest(container_id=container_id)).status
    return float(status.started_at) / 1e9
