"""The runtime's gRPC services as Python calls: one method a call, with the time limits that kubelets use."""

import math
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Final, Generic, TypeVar, cast

import grpc
from google.protobuf.message import Message

from agent.hosts.proto import events_pb2, runtime_v1_pb2, tasks_pb2
from agent.ports import Unreachable

pb = runtime_v1_pb2

_CALL_SECONDS: Final = 120.0
_KILLING_SECONDS: Final = 1.0
"""What a runtime gets to end a command that took too long; containerd may wait for ever for what that one started."""
_LOOK_SECONDS: Final = 30.0
_CLOSING_SECONDS: Final = 1.0
_SANDBOX_SECONDS: Final = 240.0
_PULL_SECONDS: Final = 900.0
_LARGEST_ANSWER: Final = 16 * 1024 * 1024
"""Bytes, as kubelets have it: read, the smallest parts of an answer take fifty times as much memory."""
NAMESPACE: Final = "k8s.io"
"""The namespace of containerd that its CRI service works in."""
_IN_NAMESPACE: Final = (("containerd-namespace", NAMESPACE),)

_OPTIONS: Final = (
    ("grpc.default_authority", "localhost"),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 20_000),  # in truth the time that one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.max_receive_message_length", _LARGEST_ANSWER),
)

Answer = TypeVar("Answer", bound=Message)
Pending = grpc.Future
_Headers = tuple[tuple[str, str], ...]


class _Call(Generic[Answer]):
    """One method of a service, with the type of its answer."""

    def __init__(self, channel: grpc.Channel, path: str, answer: type[Answer], headers: _Headers) -> None:
        self._headers = headers
        self._method = channel.unary_unary(path, request_serializer=_serialize, response_deserializer=answer.FromString)

    def __call__(self, request: Message, seconds: float) -> Answer:
        with _closed_as_unreachable():
            return cast("Answer", self._method(request, timeout=seconds, metadata=self._headers))

    def ask(self, request: Message) -> "Pending[Answer]":
        with _closed_as_unreachable():
            return cast("Pending[Answer]", self._method.future(request, timeout=_LOOK_SECONDS))


@contextmanager
def _closed_as_unreachable() -> Iterator[None]:
    """Say that the connection is gone: grpcio raises ValueError for a call on a channel that was closed meanwhile."""
    try:
        yield
    except ValueError:
        raise Unreachable("the connection to the host was closed") from None


class Runtime:
    """A connection to containerd's socket. Calls raise grpc.RpcError; ``look_*`` return at once, to be waited for."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target, options=_OPTIONS)
        runtime, image = "/runtime.v1.RuntimeService/", "/runtime.v1.ImageService/"
        self._version = self._call(runtime + "Version", pb.VersionResponse)
        self._status = self._call(runtime + "Status", pb.StatusResponse)
        self._run_sandbox = self._call(runtime + "RunPodSandbox", pb.RunPodSandboxResponse)
        self._stop_sandbox = self._call(runtime + "StopPodSandbox", pb.StopPodSandboxResponse)
        self._remove_sandbox = self._call(runtime + "RemovePodSandbox", pb.RemovePodSandboxResponse)
        self._sandbox_status = self._call(runtime + "PodSandboxStatus", pb.PodSandboxStatusResponse)
        self._list_sandboxes = self._call(runtime + "ListPodSandbox", pb.ListPodSandboxResponse)
        self._create = self._call(runtime + "CreateContainer", pb.CreateContainerResponse)
        self._start = self._call(runtime + "StartContainer", pb.StartContainerResponse)
        self._stop = self._call(runtime + "StopContainer", pb.StopContainerResponse)
        self._remove = self._call(runtime + "RemoveContainer", pb.RemoveContainerResponse)
        self._resize = self._call(runtime + "UpdateContainerResources", pb.UpdateContainerResourcesResponse)
        self._list_containers = self._call(runtime + "ListContainers", pb.ListContainersResponse)
        self._container_status = self._call(runtime + "ContainerStatus", pb.ContainerStatusResponse)
        self._execute = self._call(runtime + "ExecSync", pb.ExecSyncResponse)
        self._exec = self._call(runtime + "Exec", pb.ExecResponse)
        self._forward = self._call(runtime + "PortForward", pb.PortForwardResponse)
        self._list_stats = self._call(runtime + "ListContainerStats", pb.ListContainerStatsResponse)
        self._stats = self._call(runtime + "ContainerStats", pb.ContainerStatsResponse)
        self._image_filesystem = self._call(image + "ImageFsInfo", pb.ImageFsInfoResponse)
        self._list_images = self._call(image + "ListImages", pb.ListImagesResponse)
        self._image_status = self._call(image + "ImageStatus", pb.ImageStatusResponse)
        self._pull = self._call(image + "PullImage", pb.PullImageResponse)
        self._remove_image = self._call(image + "RemoveImage", pb.RemoveImageResponse)
        self._reopen_log = self._call(runtime + "ReopenContainerLog", pb.ReopenContainerLogResponse)
        tasks = "/containerd.services.tasks.v1.Tasks/"
        self._kill_task = self._call(tasks + "Kill", tasks_pb2.Done, _IN_NAMESPACE)
        self._delete_task = self._call(tasks + "Delete", tasks_pb2.Done, _IN_NAMESPACE)
        self._subscribe = self._channel.unary_stream(
            "/containerd.services.events.v1.Events/Subscribe",
            request_serializer=events_pb2.SubscribeRequest.SerializeToString,
            response_deserializer=events_pb2.Envelope.FromString,
        )

    def _call(self, path: str, answer: type[Answer], headers: _Headers = ()) -> "_Call[Answer]":
        return _Call(self._channel, path, answer, headers)

    def look_version(self) -> "Pending[pb.VersionResponse]":
        """Ask who the runtime is."""
        return self._version.ask(pb.VersionRequest())

    def look_status(self, *, verbose: bool) -> "Pending[pb.StatusResponse]":
        """Ask how the runtime is."""
        return self._status.ask(pb.StatusRequest(verbose=verbose))

    def look_sandboxes(self) -> "Pending[pb.ListPodSandboxResponse]":
        """Ask for all sandboxes."""
        return self._list_sandboxes.ask(pb.ListPodSandboxRequest())

    def look_containers(self) -> "Pending[pb.ListContainersResponse]":
        """Ask for all containers."""
        return self._list_containers.ask(pb.ListContainersRequest())

    def look_images(self) -> "Pending[pb.ListImagesResponse]":
        """Ask for all images."""
        return self._list_images.ask(pb.ListImagesRequest())

    def look_sandbox(self, sandbox_id: str) -> "Pending[pb.PodSandboxStatusResponse]":
        """Ask for one sandbox with the configuration it was made from."""
        request = pb.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id, verbose=True)
        return self._sandbox_status.ask(request)

    def look_container(self, container_id: str, *, verbose: bool) -> "Pending[pb.ContainerStatusResponse]":
        """Ask for one container; verbose with the configuration it was made from."""
        request = pb.ContainerStatusRequest(container_id=container_id, verbose=verbose)
        return self._container_status.ask(request)

    def sandbox_ips(self, sandbox_id: str) -> tuple[str, ...]:
        """Return a sandbox's addresses, the first first; none in the host's network."""
        request = pb.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id)
        network = self._sandbox_status(request, _LOOK_SECONDS).status.network
        return tuple(ip for ip in (network.ip, *(more.ip for more in network.additional_ips)) if ip)

    def run_sandbox(self, config: pb.PodSandboxConfig, handler: str = "") -> str:
        """Make and start a sandbox with a runtime handler, empty for the default one; return its id."""
        request = pb.RunPodSandboxRequest(config=config, runtime_handler=handler)
        return str(self._run_sandbox(request, _SANDBOX_SECONDS).pod_sandbox_id)

    def stop_sandbox(self, sandbox_id: str) -> None:
        """Kill what runs in a sandbox and take its network down."""
        self._stop_sandbox(pb.StopPodSandboxRequest(pod_sandbox_id=sandbox_id), _CALL_SECONDS)

    def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove a stopped sandbox."""
        self._remove_sandbox(pb.RemovePodSandboxRequest(pod_sandbox_id=sandbox_id), _CALL_SECONDS)

    def create_container(self, sandbox_id: str, config: pb.ContainerConfig, sandbox: pb.PodSandboxConfig) -> str:
        """Create a container; return its id."""
        request = pb.CreateContainerRequest(pod_sandbox_id=sandbox_id, config=config, sandbox_config=sandbox)
        return str(self._create(request, _CALL_SECONDS).container_id)

    def start_container(self, container_id: str) -> None:
        """Start a created container."""
        self._start(pb.StartContainerRequest(container_id=container_id), _CALL_SECONDS)

    def stop_container(self, container_id: str, grace: int) -> None:
        """Stop a container, by force after ``grace`` seconds."""
        request = pb.StopContainerRequest(container_id=container_id, timeout=grace)
        self._stop(request, _CALL_SECONDS + grace)

    def remove_container(self, container_id: str) -> None:
        """Remove a container; a running one is killed."""
        self._remove(pb.RemoveContainerRequest(container_id=container_id), _CALL_SECONDS)

    def kill_task(self, container_id: str) -> None:
        """Kill all processes of a container, also of one that the CRI service believes ended."""
        request = tasks_pb2.KillRequest(container_id=container_id, signal=signal.SIGKILL, all=True)
        self._kill_task(request, _CALL_SECONDS)

    def delete_task(self, container_id: str) -> None:
        """Forget the processes of a container, which have ended."""
        self._delete_task(tasks_pb2.DeleteTaskRequest(container_id=container_id), _CALL_SECONDS)

    def execute(self, container_id: str, command: Sequence[str], seconds: float) -> pb.ExecSyncResponse:
        """Run a command in a container to its end; the runtime kills it after ``seconds``, rounded up."""
        whole = max(math.ceil(seconds), 1)
        request = pb.ExecSyncRequest(container_id=container_id, cmd=command, timeout=whole)
        return self._execute(request, whole + _KILLING_SECONDS)

    def exec_url(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> str:
        """Prepare a command in a container; return where on the host it is to be had, once and soon."""
        request = pb.ExecRequest(
            container_id=container_id, cmd=command, tty=tty, stdin=stdin, stdout=True, stderr=not tty
        )
        return str(self._exec(request, _LOOK_SECONDS).url)

    def forward_url(self, sandbox_id: str, port: int) -> str:
        """Prepare a way to a port of a pod; return where on the host it is to be had, once and soon."""
        request = pb.PortForwardRequest(pod_sandbox_id=sandbox_id, port=[port])
        return str(self._forward(request, _LOOK_SECONDS).url)

    def list_stats(self) -> Sequence[pb.ContainerStats]:
        """Ask what all running containers use."""
        return self._list_stats(pb.ListContainerStatsRequest(), _LOOK_SECONDS).stats

    def look_stats(self, container_id: str) -> "Pending[pb.ContainerStatsResponse]":
        """Ask what one container uses."""
        return self._stats.ask(pb.ContainerStatsRequest(container_id=container_id))

    def image_folders(self) -> Sequence[str]:
        """Ask in which folders images are kept."""
        answer = self._image_filesystem(pb.ImageFsInfoRequest(), _LOOK_SECONDS)
        return [each.fs_id.mountpoint for each in answer.image_filesystems]

    def answers(self, within: float) -> bool:
        """Whether the runtime answers right now."""
        try:
            self._version(pb.VersionRequest(), within)
        except (grpc.RpcError, Unreachable):
            return False
        return True

    def resize_container(self, container_id: str, resources: pb.LinuxContainerResources) -> None:
        """Change the limits of a container that runs; what is 0 stays as it is."""
        self._resize(pb.UpdateContainerResourcesRequest(container_id=container_id, linux=resources), _CALL_SECONDS)

    def has_image(self, reference: str) -> bool:
        """Whether the host has an image of that reference."""
        request = pb.ImageStatusRequest(image=pb.ImageSpec(image=reference))
        return bool(self._image_status(request, _LOOK_SECONDS).HasField("image"))

    def image_user(self, reference: str) -> str:
        """Return who an image runs as unless told otherwise: an id, or a name; empty for root."""
        request = pb.ImageStatusRequest(image=pb.ImageSpec(image=reference))
        image = self._image_status(request, _LOOK_SECONDS).image
        return str(image.uid.value) if image.HasField("uid") else image.username

    def pull_image(self, reference: str, auth: pb.AuthConfig | None = None) -> None:
        """Bring an image from its registry, or find it unchanged there; anonymously without credentials."""
        self._pull(pb.PullImageRequest(image=pb.ImageSpec(image=reference), auth=auth), _PULL_SECONDS)

    def remove_image(self, image_id: str) -> None:
        """Remove an image under all its names."""
        self._remove_image(pb.RemoveImageRequest(image=pb.ImageSpec(image=image_id)), _CALL_SECONDS)

    def reopen_log(self, container_id: str) -> None:
        """Have the runtime write a container's log to its path anew, after the old file was renamed."""
        self._reopen_log(pb.ReopenContainerLogRequest(container_id=container_id), _CALL_SECONDS)

    def subscribe(self, *filters: str) -> Iterator[events_pb2.Envelope]:
        """Open the stream of events; each filter is one that may match. The iterator has ``cancel``."""
        with _closed_as_unreachable():
            return cast("Iterator[events_pb2.Envelope]", self._subscribe(events_pb2.SubscribeRequest(filters=filters)))

    def close(self) -> None:
        """End the connection and every call on it.

        That is not waited for without an end: of a call that Ctrl-C interrupts as it begins, grpcio waits for an
        answer that nobody fetches any more.
        """
        closing = Thread(target=self._channel.close, name="trimtab-close", daemon=True)
        closing.start()
        closing.join(_CLOSING_SECONDS)


def _serialize(request: Message) -> bytes:
    return request.SerializeToString()
