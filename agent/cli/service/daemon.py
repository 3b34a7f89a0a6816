"""One life of the agent with one configuration: from taking the lock to the end of the last loop."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

import structlog

from agent.cli.look.everything import established_key
from agent.cli.running import approvals, moving
from agent.cli.running.words import folder_of
from agent.cli.service.health import TURN, Health
from agent.cli.service.http import StatusServer
from agent.cli.service.logs import LoggedJournal
from agent.cli.service.notify import notify, notify_reloading, watchdog_interval
from agent.cli.service.publisher import Publisher
from agent.cli.service.summary import one_line, under_way
from agent.cli.wiring import (
    SystemClock,
    host_factory,
    metrics_server,
    open_source,
    settings_of,
    watching,
    watching_files,
)
from agent.journal import StateLock
from agent.model.objects.agent import AgentConfig
from agent.ports import PortError
from agent.reconciler.agent import Agent
from agent.reconciler.reporting.snapshot import Snapshot
from agent.source.git import GitSource

Word = Literal["stop", "look", "reload", "asked", "ended"]
"""What the control loop is told: by signals, by watched files, and by the agent's own end."""

_END_WITHIN = 20.0
_log = structlog.get_logger()


def hold(first: AgentConfig, words: "SimpleQueue[Word]", config_file: Path, reread: Callable[[], AgentConfig]) -> None:
    """Run agents one after another, each with the configuration that ends the one before; return when told to stop.

    A new configuration that nothing can run with (a port that is taken, a folder that cannot be made) is said, and the
    one before goes on. Raises PortError.
    """
    before: AgentConfig | None = None
    current: AgentConfig | None = first
    while current is not None:
        daemon = Daemon(current, words, reread)
        try:
            before, current = current, daemon.run(config_file)
        except PortError as error:
            if before is None or daemon.started:
                raise
            _log.error("cannot start with the new configuration; the one before goes on", problem=str(error))
            before, current = None, before


class Daemon:
    """Runs an agent until it is told to stop, or to make room for one with another configuration.

    Signal handlers and file watchers only leave a word; everything happens on the thread that calls ``run``, which
    also gives systemd its signs of life.
    """

    def __init__(self, config: AgentConfig, words: "SimpleQueue[Word]", reread: Callable[[], AgentConfig]) -> None:
        self._config = config
        self._words = words
        self._reread = reread
        self._state_dir = Path(config.spec.state_dir)
        self._publisher = Publisher(self._state_dir)
        self._server: StatusServer | None = None
        self._failure: Exception | None = None
        self._ending = False
        self.started = False

    def run(self, config_file: Path) -> AgentConfig | None:
        """Run; return the configuration to go on with, or None to end. Raises PortError when it cannot start."""
        config, words = self._config, self._words
        with ExitStack() as stack:
            lock = stack.enter_context(StateLock(self._state_dir, config.metadata.name))
            if config.spec.metrics.port:
                self._server = StatusServer(config.spec.metrics, SystemClock().now)
                stack.callback(self._server.close)
            source = open_source(config)
            agent = self._make(source, lock)
            health = Health(agent.stuck)
            if self._server is not None:
                self._server.fresh, self._server.ailing = agent.snapshot, health.ailing
            stack.enter_context(watching(source, agent.wake))
            stack.enter_context(watching_files([config_file], lambda: words.put("reload")))
            asked = folder_of(self._state_dir)
            names = (approvals.NAME, moving.NAME)
            stack.enter_context(watching_files([asked / name for name in names], lambda: words.put("asked")))
            words.put("asked")  # what was left while no agent ran
            return self._drive(agent, health, lock)

    def _make(self, source: GitSource, lock: StateLock) -> Agent:
        config = self._config
        key = established_key(config, source)
        return Agent(
            source,
            host_factory(config, key),
            clock=SystemClock(),
            journal=LoggedJournal(self._state_dir, lock.check),
            settings=settings_of(config, key, watched=source.local_path is not None),
            publish=self._published,
            metrics=metrics_server(config),
        )

    def _drive(self, agent: Agent, health: Health, lock: StateLock) -> AgentConfig | None:
        gc.collect()
        gc.freeze()  # what was imported stays: it need not be looked through again and again for what may go
        loops = Thread(target=self._loop, args=(agent,), name="agent")
        loops.start()
        self.started = True
        notify(READY=1)
        try:
            return self._obey(agent, health, lock)
        finally:
            self._ending = True
            agent.stop(_END_WITHIN)
            loops.join()
            if self._failure is not None:
                raise self._failure

    def _loop(self, agent: Agent) -> None:
        try:
            if not agent.run():
                _log.warning(
                    "some steps did not end in time; what they began is looked at again at the next start",
                    left=under_way(agent.snapshot()),
                )
        except Exception as error:  # noqa: BLE001 - carried over to the main thread, which raises it
            self._failure = error
        finally:
            if not self._ending:  # nobody listens for it otherwise, but the daemon that follows this one
                self._words.put("ended")

    def _obey(self, agent: Agent, health: Health, lock: StateLock) -> AgentConfig | None:
        turn = min(watchdog_interval() or TURN, TURN)
        while True:
            lock.check()
            if health.turn():
                notify(WATCHDOG=1)
            try:
                word = self._words.get(timeout=turn)
            except Empty:
                continue
            match word:
                case "stop" | "ended":
                    notify(STOPPING=1)
                    return None
                case "look":
                    agent.look()
                case "asked":
                    for revision, drop in approvals.approvals_left(self._state_dir):
                        agent.approve(revision, drop)
                    for moves, drop in moving.moves_left(self._state_dir):
                        agent.move(moves, drop)
            if word in {"look", "reload"} and (fresh := self._changed()) is not None:
                return fresh

    def _changed(self) -> AgentConfig | None:
        """Read the configuration again; return it when it is right and says something new."""
        notify_reloading()
        try:
            fresh = self._reread()
        except PortError as error:
            _log.error("the configuration is not right; the one that runs stays", problem=str(error))
            fresh = self._config
        if fresh == self._config:
            notify(READY=1)
            return None
        _log.info("the configuration has changed; starting again with it")
        return fresh

    def _published(self, snapshot: Snapshot) -> None:
        if self._server is not None:
            self._server.snapshot = snapshot
        notify(STATUS=one_line(snapshot))
        self._publisher.publish(snapshot)
