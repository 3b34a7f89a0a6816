"""1,000 probes every 10 s over 20 hosts: what they cost the agent, and what a host that hangs costs the others."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final, cast

import msgspec
from msgspec.structs import replace

from agent import ports
from agent.hosts.connect import connect
from agent.model.action import PullImage
from agent.model.labels import AGENT, PROBES
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, HostSpec, Ssh
from agent.model.objects.meta import ObjectMeta, PodKey
from agent.model.objects.pod import ExecAction, GrpcAction, HttpGetAction, Probe, TcpSocketAction
from agent.model.observation import Seen
from agent.model.probing import ProbeResult, Probes, ProbeTarget
from agent.reconciler.crew import Crew
from agent.reconciler.probing.events import ProbeEvents
from agent.reconciler.probing.prober import Prober
from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.recorder import Recorder
from agent.simulator.journal import SimulatedJournal
from lab import Lab
from lab.host import LabHost
from tests.hosts import pods

HOSTS: Final = 20
PERIOD: Final = 10
WARM: Final = 2 * PERIOD
"""The checks of an agent that just started are all made at once; then they spread out."""
SECONDS: Final = 4 * PERIOD
ROUNDS: Final = 300

HTTP: Final = Probe(http_get=HttpGetAction(port=8080), period_seconds=PERIOD, timeout_seconds=5)
TCP: Final = Probe(tcp_socket=TcpSocketAction(port=8080), period_seconds=PERIOD, timeout_seconds=5)
EXEC: Final = Probe(exec=ExecAction(command=("true",)), period_seconds=PERIOD, timeout_seconds=5)
GRPC: Final = Probe(grpc=GrpcAction(port=9090), period_seconds=PERIOD, timeout_seconds=5)
MIX: Final = (*[HTTP] * 42, *[TCP] * 6, *[EXEC] * 2)
"""What each host is asked. A command costs its host a hundred times what a request does, so there are few."""


def run() -> dict[str, object]:
    with Lab.up(hosts=HOSTS, name="bench") as lab:
        stands = [Stand(lab, machine) for machine in lab.hosts]
        try:
            kinds = {name: _cost(stands[0], probe) for name, probe in (("http", HTTP), ("tcp", TCP), ("exec", EXEC))}
            with _grpc_service(lab.hosts[0]):
                kinds["grpc"] = _cost(stands[0], GRPC, "127.0.0.1")
            return {"CPU milliseconds a probe": kinds, **_fleet(stands)}
        finally:
            for stand in stands:
                stand.host.close()


class Stand:
    """A host with one real pod that stands for as many containers as there are probes; notes when each was checked."""

    def __init__(self, lab: Lab, machine: LabHost) -> None:
        self.machine = machine
        defaults = SshDefaults(identity_file=str(lab.identity_file), known_hosts_file=str(lab.known_hosts_file))
        declared = Host(metadata=ObjectMeta(name=machine.name), spec=HostSpec(ssh=Ssh(address=machine.address)))
        self.host = connect(declared, defaults, pods.AGENT, claim=None, clock=pods.WallClock())
        self.host.observe()
        sandbox = pods.sandbox_config("web")
        image = lab.images.reference("web", "1.0")
        command = ("sh", "-c", "exec httpd -f -h /www -p 8080")
        made = pods.create_steps(sandbox, pods.container_config(sandbox, image, command=command))
        pods.succeed(self.host, PullImage(image=image), *made)
        self._real = self.host.observe()
        self.times: dict[str, list[float]] = defaultdict(list)
        self.results: dict[str, int] = defaultdict(int)

    @property
    def real(self) -> ProbeTarget:
        """The one container."""
        (container,), (sandbox,) = self._real.containers, self._real.sandboxes
        pod = PodKey(namespace="default", name="web")
        return ProbeTarget(
            pod=pod, container_id=container.id, container="main", kind="readiness", probe=HTTP, address=sandbox.ips[0]
        )

    def seen(self, probes: Sequence[Probe]) -> Seen:
        """Return a look in which each probe has a container of its own, all of which run for long."""
        (container,) = self._real.containers
        many = []
        for number, probe in enumerate(probes):
            written = msgspec.json.encode(Probes(readiness=probe)).decode()
            config = replace(container.config, annotations={PROBES: written}, labels={AGENT: pods.AGENT})
            many.append(replace(container, id=f"{number:03}", config=config, started_at=time.time() - 3600))
        return replace(self._real, containers=tuple(many))

    def probe(self, target: ProbeTarget) -> ProbeResult:
        """Check the real container in place of one that stands for it."""
        self.times[target.container_id].append(time.monotonic())
        result = self.host.probe(replace(target, container_id=self.real.container_id))
        self.results[result.result] += 1
        return result


def _cost(stand: Stand, probe: Probe, address: str = "") -> float:
    """Return the CPU milliseconds of one check, all threads of this process together."""
    target = replace(stand.real, probe=probe, address=address or stand.real.address)
    rounds = ROUNDS // 6 if probe.exec else ROUNDS
    assert stand.host.probe(target).result == "success", stand.host.probe(target)
    before = time.process_time()
    for _ in range(rounds):
        stand.host.probe(target)
    return (time.process_time() - before) / rounds * 1000


@contextmanager
def _grpc_service(machine: LabHost) -> Iterator[None]:
    init = machine.init
    assert init is not None
    command = ["nsenter", f"--target={init.pid}", "--net", "--", sys.executable, "-m", "tests.hosts.services"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield
    process.communicate(timeout=30)


def _fleet(stands: Sequence[Stand]) -> dict[str, object]:
    counters, clock = Counters(), pods.WallClock()
    crew = Crew(clock, lambda _, error: print(f"fault: {error!r}", file=sys.stderr))
    prober = Prober(pods.AGENT, clock, counters, ProbeEvents(Recorder(SimulatedJournal())), crew.let_run)
    prober.wake = crew.employ("prober", prober.step)
    crew.begin()
    for stand in stands:
        port = cast("ports.Host", stand)
        prober.watch(stand.host.name, port, stand.seen(MIX), clock.now(), lambda: None)
    time.sleep(WARM)
    calm = _measure(stands)
    _signal(stands[0].machine, "STOP")
    try:
        hung = _measure(stands[1:])
    finally:
        _signal(stands[0].machine, "CONT")
    crew.dismiss(10.0)
    probes = len(stands) * len(MIX)
    return {f"{probes} probes every {PERIOD} s over {len(stands)} hosts": calm, "while another host hangs": hung}


def _measure(stands: Sequence[Stand]) -> Mapping[str, object]:
    for stand in stands:
        stand.times.clear()
        stand.results.clear()
    begun, cpu = time.monotonic(), time.process_time()
    time.sleep(SECONDS)
    took, used = time.monotonic() - begun, time.process_time() - cpu
    late = sorted(
        after - before - PERIOD
        for stand in stands
        for times in stand.times.values()
        for before, after in pairwise(times)
    )
    return {
        "checks a second": sum(sum(stand.results.values()) for stand in stands) / took,
        "not passed": sum(count for stand in stands for result, count in stand.results.items() if result != "success"),
        "CPU percent of a core": used / took * 100,
        "late by seconds, median": late[len(late) // 2],
        "late by seconds, worst of 1,000": late[int(len(late) * 0.999)],
    }


def _signal(machine: LabHost, signal: str) -> None:
    """Stop or continue all sshd of a host: it hangs, and closes nothing."""
    machine.run(f'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = sshd ] && kill -{signal} ${{p#/proc/}}; done')
