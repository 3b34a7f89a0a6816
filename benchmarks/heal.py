"""A container's process is killed: how long until its successor runs, against a bare client that gets the event."""

import statistics
import threading
import time

import grpc

from agent.hosts.proto import events_pb2 as events
from benchmarks import floor
from benchmarks.stage import push_pods, stage, wipe
from lab.host import LabHost
from tests.e2e import containerd
from tests.e2e.fleet import Fleet, eventually

ROUNDS = 9


def run() -> dict[str, object]:
    with stage(1) as fleet:
        bare = [_bare(fleet) for _ in range(ROUNDS)]
        wipe(fleet)
        ours = _trimtab(fleet)
    result = {"floor seconds": statistics.median(bare), "trimtab seconds": statistics.median(ours)}
    return {**result, "trimtab - floor seconds": result["trimtab seconds"] - result["floor seconds"]}


def _kill(host: LabHost, container_id: str) -> float:
    """Kill a container's first process and return the moment just before, by the wall clock."""
    task = f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{container_id}/init.pid"
    pid = host.run(f"cat {task}", check=True).stdout.strip()
    script = f"date +%s.%N; kill -9 {pid}"
    return float(host.run(script, check=True).stdout.strip())


def _bare(fleet: Fleet) -> float:
    host = fleet.lab.hosts[0]
    client = floor.BareClient(host)
    sandbox_id, sandbox, container = client.start_pod(
        f"heal-{time.monotonic_ns()}", fleet.lab.images.reference("app", "1.0")
    )
    old = next(c for c in containerd.running(host) if c.sandbox_id == sandbox_id)
    made: list[str] = []
    listening = threading.Event()

    def wait_and_start() -> None:
        metadata = (("containerd-namespace", "k8s.io"),)
        with grpc.insecure_channel(
            f"unix://{host.containerd_socket}", options=[("grpc.default_authority", "localhost")]
        ) as channel:
            subscribe = channel.unary_stream(
                "/containerd.services.events.v1.Events/Subscribe",
                request_serializer=events.SubscribeRequest.SerializeToString,
                response_deserializer=events.Envelope.FromString,
            )
            stream = subscribe(events.SubscribeRequest(filters=['topic=="/tasks/exit"']), metadata=metadata)
            listening.set()
            for _ in stream:
                container.metadata.attempt = 1
                made.append(client.start_container(sandbox_id, sandbox, container))
                stream.cancel()  # type: ignore[no-untyped-call] # grpc-stubs leave this one untyped
                return

    thread = threading.Thread(target=wait_and_start)
    thread.start()
    listening.wait()
    time.sleep(0.2)  # the subscription is on its way; nothing tells when containerd has it
    killed = _kill(host, old.id)
    thread.join()
    client.close()
    return containerd.started_at(host, made[0]) - killed


def _trimtab(fleet: Fleet) -> list[float]:
    host = fleet.lab.hosts[0]
    push_pods(fleet, ROUNDS)
    times = []
    with fleet.agent():
        eventually(lambda: len(fleet.running()) == ROUNDS)
        fleet.settle()
        for old in fleet.running():
            killed = _kill(host, old.id)
            pod, gone = old.pod, old.id
            eventually(lambda: any(c.pod == pod and c.id != gone for c in fleet.running()))  # noqa: B023 - called at once
            new = next(c for c in fleet.running() if c.pod == pod)
            times.append(containerd.started_at(host, new.id) - killed)
    return times
