import hashlib
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from agent.model.action import AnyStep
from agent.model.labels import SECRETS_DIR
from agent.model.observation import ContainerSeen, Seen
from agent.planner.host.project import Registry, project
from agent.ports import Clock

_POWER_LOST: Final = 255


class Imagined:
    """A machine that does all it is told to, without fail, while it has power. What it shows is all there is."""

    def __init__(self, name: str, seen: Seen, clock: Clock, registry: Registry, *, up: bool = True) -> None:
        self.name = name
        self.seen = seen
        self.up = up
        self.changed: Callable[[], None] = lambda: None
        """Who watches it is told by this."""
        self._clock = clock
        self._registry = registry

    @property
    def now(self) -> float:
        """Its own clock."""
        return self._clock.now() + self.seen.facts.clock_skew

    def look(self) -> Seen:
        """Return what it shows right now."""
        return replace(self.seen, at=self._clock.now())

    def do(self, step: AnyStep) -> tuple[ContainerSeen, ...]:
        """Do a step; return the containers that run because of it. Raises Impossible."""
        before = {one.id for one in self.seen.containers if one.state == "running"}
        self.seen = project(self.seen, step, self.now, self._registry)
        return tuple(one for one in self.seen.containers if one.state == "running" and one.id not in before)

    def end(self, container_id: str) -> None:
        """Let a container's process end well, if it still runs."""
        self._end(lambda one: one.id == container_id, 0, "Completed")
        self.changed()

    def fail(self) -> None:
        """Lose power."""
        self.up = False
        self.changed()

    def come_back(self) -> None:
        """Have power again: nothing runs, and what was kept in memory only is gone."""
        self._end(lambda _: True, _POWER_LOST, "Unknown")
        boot = hashlib.sha256(f"{self.name} {self.now}".encode()).hexdigest()
        self.seen = replace(
            self.seen,
            sandboxes=tuple(replace(one, ready=False, ips=()) for one in self.seen.sandboxes),
            files={path: one for path, one in self.seen.files.items() if not path.startswith(f"{SECRETS_DIR}/")},
            mounts=(),
            health={},
            facts=replace(self.seen.facts, boot_id=boot),
        )
        self.up = True
        self.changed()

    def _end(self, whose: Callable[[ContainerSeen], bool], code: int, reason: str) -> None:
        self.seen = replace(
            self.seen,
            containers=tuple(
                replace(one, state="exited", exit_code=code, reason=reason, finished_at=self.now)
                if one.state == "running" and whose(one)
                else one
                for one in self.seen.containers
            ),
        )
