"""A prober by itself: simulated time, a fake host, and checks that run when a test lets them."""

from collections.abc import Callable

import msgspec

from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.labels import AGENT, PROBES
from agent.model.objects.pod import ExecAction, Probe
from agent.model.observation import ContainerSeen, RuntimeFacts, SandboxSeen, Seen
from agent.model.probing import Health, ProbeResult, Probes, ProbeTarget
from agent.reconciler.probing.events import ProbeEvents
from agent.reconciler.probing.prober import Prober
from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.recorder import Recorder
from agent.simulator.clock import SimulatedClock
from agent.simulator.journal import SimulatedJournal
from tests.reconciler.idle_host import IdleHost

NAME = "probing"
EXEC = ExecAction(command=("check",))


def probe(**fields: int | None) -> Probe:
    return Probe(exec=EXEC, **fields)  # type: ignore[arg-type] # a test's shorthand


def container(name: str, started_at: float, *, owner: str = NAME, **probes: Probe) -> ContainerSeen:
    return ContainerSeen(
        id=name,
        sandbox_id="pod",
        config=ContainerConfig(
            name=name.partition("/")[0],
            image="app",
            labels={AGENT: owner},
            annotations={PROBES: msgspec.json.encode(Probes(**probes)).decode()} if probes else {},
        ),
        state="running",
        started_at=started_at,
    )


def sandbox(*ips: str) -> SandboxSeen:
    config = SandboxConfig(name="web", namespace="default", uid="u", labels={AGENT: NAME})
    return SandboxSeen(id="pod", config=config, ready=True, ips=ips or ("10.0.0.7",))


class Host(IdleHost):
    """Answers checks by a function of the target; keeps when each was made."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        self.made: list[tuple[float, str, str]] = []
        self.answer: Callable[[ProbeTarget], str] = lambda _: "success"
        self.message = "no"

    def probe(self, target: ProbeTarget) -> ProbeResult:
        self.made.append((self.clock.now(), target.container_id, target.kind))
        result = self.answer(target)
        return ProbeResult(result=result, message=self.message if result == "failure" else "")  # type: ignore[arg-type] # same


class Ward:
    """One host with its containers, and the prober that looks after them."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.begun = self.clock.now()
        self.host = Host(self.clock)
        self.journal = SimulatedJournal()
        self.counters = Counters()
        self.line: list[Callable[[], None]] = []
        self.holds = False
        """Whether checks that were begun wait in line, instead of being made at once."""
        self.changes = 0
        self.containers: tuple[ContainerSeen, ...] = ()
        self.facts = RuntimeFacts()
        self.restart()

    def restart(self) -> None:
        """Let another agent take over: it knows nothing."""
        self.prober = Prober(NAME, self.clock, self.counters, ProbeEvents(Recorder(self.journal)), self.line.append)

    def has(self, *containers: ContainerSeen) -> None:
        """Look at the host: these run."""
        self.containers = containers
        self.prober.watch("h1", self.host, self.seen(), self.clock.now(), self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def seen(self) -> Seen:
        return Seen(at=self.clock.now(), facts=self.facts, sandboxes=(sandbox(),), containers=self.containers)

    def health(self, container_id: str = "app") -> Health | None:
        return self.prober.with_health("h1", self.seen()).health.get(container_id)

    def run(self, seconds: float) -> None:
        """Let time pass, and whatever is due be checked."""
        until = self.clock.now() + seconds
        while True:
            wake_at = self.prober.step(self.clock.now())
            while self.line and not self.holds:
                self.line.pop(0)()
                wake_at = self.prober.step(self.clock.now())
            if wake_at is None or wake_at > until:
                break
            self.clock.advance(max(wake_at - self.clock.now(), 0.0))
        self.clock.advance(until - self.clock.now())

    def times(self, kind: str = "", container_id: str = "app") -> list[float]:
        """When checks were made, in seconds since the beginning."""
        return [
            round(at - self.begun, 3)
            for at, checked, of in self.host.made
            if checked == container_id and kind in ("", of)
        ]
