import math
from collections.abc import Callable

from msgspec.structs import replace

from agent.model.files import FileSeen
from agent.model.labels import AGENT, PODS_DIR, ROLE, SECRETS_DIR
from agent.model.objects.meta import PodKey
from agent.model.observation import ContainerSeen, ImageSeen, RuntimeFacts, SandboxSeen, Seen
from agent.model.probing import ProbeKind
from agent.model.usage import ContainerUsage
from agent.model.volumes import VolumeMark, VolumeSeen
from agent.simulator.clock import SimulatedClock


class Machine:
    """What is really on a simulated host, whoever looks: it outlives the agent and every connection to it.

    Everything is kept as an observation would show it. ``changed`` is called after each change: it is where the
    runtime's events come from.
    """

    def __init__(self, name: str, clock: SimulatedClock) -> None:
        self.name = name
        self.clock = clock
        self.skew = 0.0
        """How far its clock is ahead of the agent's."""
        self.up = True
        """Whether it can be reached."""
        self.sandboxes: dict[str, SandboxSeen] = {}
        self.containers: dict[str, ContainerSeen] = {}
        self.images: dict[str, ImageSeen] = {}
        self.files: dict[str, FileSeen] = {}
        self.pod_dirs: set[str] = set()
        self.volumes: dict[VolumeMark, VolumeSeen] = {}
        self.failing: dict[str, frozenset[ProbeKind]] = {}
        """Which probes fail, by the container's name."""
        self.due: dict[str, tuple[float, int]] = {}
        """Containers that end by themselves: when, by the machine's clock, and with which code."""
        self.ready_from: dict[str, float] = {}
        """From when on the readiness probes of containers pass, by the machine's clock."""
        self.sick: set[str] = set()
        """Containers whose liveness probes fail."""
        self.cores = 0.0
        """What each container that runs uses of the CPU."""
        self.blind = False
        """Whether nobody can say what containers use."""
        self._used: dict[str, tuple[float, float]] = {}
        self.boots = 1
        self.version = 0
        """Counts changes: two looks with the same number saw the same."""
        self.changed: Callable[[], None] = lambda: None
        self._made = 0
        self._available: tuple[tuple[str, int], float, dict[PodKey, SandboxSeen]] | None = None
        """What was available at a version, and until when that holds by itself: it is asked for at every step."""

    def now(self) -> float:
        """Return the time on the machine's own clock."""
        return self.clock.now() + self.skew

    def new_id(self, kind: str) -> str:
        """Return an id that was never used on this host."""
        self._made += 1
        return f"{kind}-{self.name}-{self._made:05d}"

    def touch(self) -> None:
        """Say that something changed."""
        self.version += 1
        self.changed()

    def look(self) -> Seen:
        """Return everything, as a full look shows it."""
        return Seen(
            at=self.clock.now(),
            facts=RuntimeFacts(
                version="1.7",
                cpu_millis=16_000,
                memory_bytes=64 << 30,
                clock_skew=self.skew,
                boot_id=f"boot-{self.boots}",
            ),
            sandboxes=tuple(self.sandboxes[key] for key in sorted(self.sandboxes)),
            containers=tuple(self.containers[key] for key in sorted(self.containers)),
            images=tuple(self.images[key] for key in sorted(self.images)),
            files={path: self.files[path] for path in sorted(self.files)},
            pod_dirs=tuple(sorted(self.pod_dirs)),
            volumes=tuple(sorted(self.volumes.values())),
        )

    def usage(self) -> dict[str, ContainerUsage]:
        """Return what every container that runs has used so far, by id."""
        now, before = self.now(), self._used
        self._used = {}
        for key, one in sorted(self.containers.items()):
            if one.state == "running":
                at, seconds = before.get(key, (one.started_at, 0.0))
                self._used[key] = now, seconds + self.cores * max(0.0, now - at)
        return {key: ContainerUsage(at=at, cpu_seconds=seconds) for key, (at, seconds) in self._used.items()}

    def inside(self, sandbox_id: str) -> list[ContainerSeen]:
        """Return the containers of a sandbox, by id."""
        return [
            self.containers[key] for key in sorted(self.containers) if self.containers[key].sandbox_id == sandbox_id
        ]

    def ours(self, agent: str) -> list[SandboxSeen]:
        """Return the sandboxes that carry an agent's label, by id."""
        return [
            self.sandboxes[key]
            for key in sorted(self.sandboxes)
            if self.sandboxes[key].config.labels.get(AGENT) == agent
        ]

    def available(self, agent: str) -> dict[PodKey, SandboxSeen]:
        """Return the agent's pods that run right now."""
        now = self.now()
        known = self._available
        if known is None or known[0] != (agent, self.version) or now >= known[1]:
            until = min((at for at in self.ready_from.values() if at > now), default=math.inf)
            known = self._available = (agent, self.version), until, available_in(self.look(), agent, self.is_ready)
        return known[2]

    def is_ready(self, container: ContainerSeen) -> bool:
        """Tell whether a container that runs would pass its readiness probe."""
        return self.ready_from.get(container.id, 0.0) <= self.now()

    def end(self, container_id: str, code: int, reason: str = "Error") -> None:
        """Let a container's process end, if it runs."""
        container = self.containers.get(container_id)
        if container is not None and container.state == "running":
            self.containers[container_id] = replace(
                container, state="exited", exit_code=code, reason=reason, finished_at=self.now()
            )

    def reboot(self) -> None:
        """Power off and on: nothing runs, what was kept in memory is gone, nothing starts by itself."""
        self.boots += 1
        for key in sorted(self.containers):
            self.end(key, 255, "Unknown")
        for key, sandbox in sorted(self.sandboxes.items()):
            self.sandboxes[key] = replace(sandbox, ready=False, ips=())
        self.files = {path: seen for path, seen in self.files.items() if not path.startswith(f"{SECRETS_DIR}/")}
        self.touch()

    def drop_sandbox(self, sandbox_id: str) -> None:
        """Remove a sandbox and all in it."""
        self.sandboxes.pop(sandbox_id, None)
        for container in self.inside(sandbox_id):
            del self.containers[container.id]

    def drop_tree(self, root: str) -> None:
        """Remove every file below a folder."""
        self.files = {path: seen for path, seen in self.files.items() if not path.startswith(f"{root}/")}

    def drop_pod_files(self, uid: str) -> None:
        """Remove a pod's folders."""
        for folder in (PODS_DIR, SECRETS_DIR):
            self.drop_tree(f"{folder}/{uid}")
        self.pod_dirs.discard(uid)


def available_in(seen: Seen, agent: str, ready: Callable[[ContainerSeen], bool]) -> dict[PodKey, SandboxSeen]:
    """Return the agent's pods that have a ready sandbox, and a main container in it; all but init ones are ready."""
    found = {}
    for sandbox in seen.sandboxes:
        if sandbox.config.labels.get(AGENT) != agent or not sandbox.ready:
            continue
        newest: dict[str, ContainerSeen] = {}
        for one in seen.containers:
            if one.sandbox_id == sandbox.id and one.config.labels.get(AGENT) == agent:
                known = newest.setdefault(one.config.name, one)
                newest[one.config.name] = max(known, one, key=lambda each: each.config.attempt)
        roles = [(one, one.config.annotations.get(ROLE, "").partition("/")[0]) for one in newest.values()]
        lasting = [one for one, role in roles if role != "init"]
        if any(not role for _, role in roles) and all(one.state == "running" and ready(one) for one in lasting):
            found[PodKey(namespace=sandbox.config.namespace, name=sandbox.config.name)] = sandbox
    return found
