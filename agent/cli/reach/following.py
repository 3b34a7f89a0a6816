"""Logs as they grow: over restarts of their containers and rotation, until the containers are gone for good."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final

from agent.hosts.logs import Joiner, LogLine, Position
from agent.model import labels
from agent.model.objects.pod import RestartPolicy
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.planner.restartpolicy import comes_back
from agent.ports import PortError

if TYPE_CHECKING:
    from agent.hosts.host import ContainerdHost

_POLL_EVERY: Final = 0.3
_LOOK_EVERY: Final = 5.0


class Watch:
    """What a host shows, looked at again whenever its runtime says that something happened."""

    def __init__(self, host: "ContainerdHost") -> None:
        self.host = host
        self._changed = Event()
        self._lock = Lock()
        self._seen = host.observe()
        self._failed: PortError | None = None
        host.watch(self._changed.set)
        Thread(target=self._look, name=f"trimtab-look-{host.name}", daemon=True).start()

    def _look(self) -> None:
        while True:
            self._changed.wait(_LOOK_EVERY)
            self._changed.clear()
            try:
                seen = self.host.observe()
            except PortError as error:
                self._failed = error
                return
            with self._lock:
                self._seen = seen

    @property
    def seen(self) -> Seen:
        """The newest look. Raises PortError once the host is lost."""
        if self._failed:
            raise self._failed
        with self._lock:
            return self._seen


class Follower:
    """One container of a pod, attempt after attempt."""

    def __init__(
        self,
        watch: Watch,
        sandbox: SandboxSeen,
        container: ContainerSeen,
        tail: int | None,
        show: Callable[[LogLine], None],
    ) -> None:
        self._watch, self._sandbox, self._container, self._tail, self._show = watch, sandbox, container, tail, show

    def run(self) -> None:
        """Show lines until the container is gone for good. Raises PortError."""
        host, pod = self._watch.host, self._sandbox.config
        position = host.log_start(pod, self._container.config.log_path, tail=self._tail)
        joiner, pause = Joiner(), Event()
        while True:
            # What is known before reading: what was written until then is read when nothing more comes.
            newest = newest_attempt(self._watch.seen, pod.uid, self._container)
            over = is_over(self._watch.seen, pod.uid, self._container)
            position, content = host.log_on(pod, self._container.config.log_path, position)
            for line in joiner.feed(content):
                self._show(line)
            if content:
                continue
            if newest is not None:
                self._container, position, joiner = newest, Position(), Joiner()
            elif over:
                return
            else:
                pause.wait(_POLL_EVERY)


def follow_all(followers: Sequence[Follower]) -> None:
    """Follow side by side until all have ended. Raises the first PortError."""
    ended: SimpleQueue[PortError | None] = SimpleQueue()

    def run(follower: Follower) -> None:
        try:
            follower.run()
            ended.put(None)
        except PortError as error:
            ended.put(error)

    for follower in followers:
        Thread(target=run, args=(follower,), name="trimtab-follow", daemon=True).start()
    for _ in followers:
        if (error := ended.get()) is not None:
            raise error


def _attempts(seen: Seen, uid: str, name: str) -> Sequence[ContainerSeen]:
    ids = {sandbox.id for sandbox in seen.sandboxes if sandbox.config.uid == uid}
    return [one for one in seen.containers if one.sandbox_id in ids and one.config.name == name]


def newest_attempt(seen: Seen, uid: str, container: ContainerSeen) -> ContainerSeen | None:
    """Return the next attempt of a container after this one; None where there is none."""
    later = [
        one for one in _attempts(seen, uid, container.config.name) if one.config.attempt > container.config.attempt
    ]
    return min(later, key=lambda one: one.config.attempt, default=None)


def is_over(seen: Seen, uid: str, container: ContainerSeen) -> bool:
    """Tell whether nothing more will come: its pod is gone, or it ended and is not to be started again."""
    sandbox = next((one for one in seen.sandboxes if one.config.uid == uid), None)
    if sandbox is None:
        return True
    now = next((one for one in seen.containers if one.id == container.id), None)
    if now is None or now.state != "exited":
        return False
    asked = sandbox.config.annotations.get(labels.RESTART_POLICY)
    policy: RestartPolicy = "Never" if asked == "Never" else "OnFailure" if asked == "OnFailure" else "Always"
    return not comes_back(container.config, now.exit_code, policy)
