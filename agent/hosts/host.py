"""The Host port against plain containerd, over SSH or on this machine."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import grpc

from agent.hosts import logs
from agent.hosts.cri.errors import port_error
from agent.hosts.execute.context import Context
from agent.hosts.execute.run import Execution, at_once
from agent.hosts.garbled import reading
from agent.hosts.handlers import run_probe
from agent.hosts.link import Link
from agent.hosts.logs import LogLine, Position
from agent.hosts.look.facts import HostFacts
from agent.hosts.look.measure import measure, sample
from agent.hosts.look.observe import Look
from agent.hosts.owner import OwnerRecord, check_owner, parse_owner, write_owner
from agent.hosts.session import Session
from agent.hosts.streaming import Command, Tunnel, open_tunnel, start_command
from agent.hosts.tidy import do_chores
from agent.model.action import Action, Outcome
from agent.model.chores import Chore, ChoreOutcome
from agent.model.cri import SandboxConfig
from agent.model.observation import Seen
from agent.model.plan import FingerprintKey
from agent.model.probing import ProbeResult, ProbeTarget
from agent.model.usage import ContainerUsage, Usage
from agent.ports import Clock, PortError, Refused, Unreachable


class ContainerdHost:
    """One host. Connects when it is first looked at, and anew at the next look once the connection is lost.

    With ``claim`` the owner record is written where there is none; without, nothing on the host is ever changed by
    looking at it.
    """

    def __init__(
        self,
        name: str,
        socket_path: str,
        open_link: Callable[[], Link],
        *,
        agent: str,
        claim: FingerprintKey | None,
        clock: Clock,
        parallel: int | None = None,
    ) -> None:
        self._name = name
        self._socket_path = socket_path
        self._open_link = open_link
        self._agent = agent
        self._claim = claim
        self._clock = clock
        self._parallel = parallel
        self._cpus = 0
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._wake: Callable[[], None] | None = None
        self._closed = False
        self.owner: OwnerRecord | None = None
        """The host's owner record as last seen: the holder's name and the fleet's key."""

    @property
    def name(self) -> str:
        """The Host object's name."""
        return self._name

    @property
    def connected(self) -> bool:
        """Whether there is a connection that stands."""
        session = self._session
        return session is not None and session.link.alive

    def observe(self) -> Seen:
        """Look at everything once. Raises PortError.

        A connection that was there and turns out to be lost is made anew at once: containerd may only have restarted.
        """
        with self._lock:
            kept = self._session
        session = self._connected()
        with reading(self._name):
            try:
                return self._look(session)
            except Unreachable:
                if session is not kept:
                    raise
            return self._look(self._connected())

    def _look(self, session: Session) -> Seen:
        try:
            if self._wake:
                session.listen(self._wake)
            look = Look(session.link, session.runtime, session.memo, host=self._name, socket_path=self._socket_path)
            at = self._clock.now()
            sandboxes, containers = look.pods()
            images = look.images()
            facts = look.host_facts()
            self._check(facts, session)
            told = look.runtime_facts(facts, now=at)
            self._cpus = told.cpu_millis // 1000
            return Seen(
                at=at,
                facts=told,
                sandboxes=sandboxes,
                containers=containers,
                images=images,
                files=facts.files,
                pod_dirs=facts.pod_dirs,
                volumes=facts.volumes,
                mounts=facts.mounts,
            )
        except grpc.RpcError as error:
            raise self._failed(session, error, "look at the host") from None
        except Unreachable:
            self._drop(session)
            raise

    def execute(
        self,
        actions: Sequence[Action],
        *,
        report: Callable[[Outcome], None],
        superseded: Callable[[], bool],
    ) -> None:
        """Do the actions, independent ones side by side; each is reported once."""
        try:
            session = self._connected()
        except PortError as error:
            for action in actions:
                report(
                    Outcome(
                        action=action.id,
                        pod=action.pod,
                        error=str(error),
                        kind="unreachable" if isinstance(error, Unreachable) else "refused",
                    )
                )
            return
        lost = threading.Event()

        def told(outcome: Outcome) -> None:
            if outcome.kind == "unreachable":
                lost.set()
            report(outcome)

        Execution(
            actions,
            context=lambda: Context(
                host=self._name,
                agent=self._agent,
                link=session.link,
                runtime=session.runtime,
                pulls=session.pulls,
                closed=session.closed,
                resized=session.memo.resized,
            ),
            clock=self._clock,
            report=told,
            superseded=superseded,
            parallel=self._parallel or at_once(self._cpus),
        ).run()
        if lost.is_set():
            self._drop(session)

    def probe(self, target: ProbeTarget) -> ProbeResult:
        """Make one check. It never connects: as long as no look has, nothing can be told."""
        session = self._session
        if session is None or not session.link.alive:
            return ProbeResult(result="unknown")
        handled = run_probe(session, target.probe, container_id=target.container_id, address=target.address)
        result: Literal["success", "failure", "unknown"] = "success" if handled.ok else "failure"
        return ProbeResult(result="unknown" if handled.unknown else result, message=handled.message)

    def measure(self) -> Usage:
        """Measure what the host and its pods use. Raises PortError."""
        session = self._connected()
        with reading(self._name):
            return measure(session.link, session.runtime, host=self._name)

    def sample(self) -> Mapping[str, ContainerUsage]:
        """Ask what running containers use, by id, and nothing else. Raises PortError."""
        session = self._connected()
        with reading(self._name):
            return sample(session.link, session.runtime, host=self._name)

    def tidy(self, chores: Sequence[Chore]) -> Sequence[ChoreOutcome]:
        """Do chores of cleaning up, one after another. Raises PortError once the host is lost."""
        session = self._connected()
        try:
            with reading(self._name):
                return tuple(do_chores(session.link, session.runtime, chores, host=self._name))
        except Unreachable:
            self._drop(session)
            raise

    def refresh_images(self, images: Sequence[str]) -> None:
        """Ask the registry again for tags that may have moved. Raises PortError, after all were tried."""
        session = self._connected()
        failed: PortError | None = None
        for image in images:
            try:
                session.pulls.pull(image, always=True)
            except PortError as error:
                failed = failed or error
        if failed:
            raise failed

    def watch(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever the runtime says something happened, until ``close``.

        A stream that is lost wakes once, and is opened again at the next look.
        """
        self._wake = wake
        with self._lock:
            session = self._session
        if session:
            session.listen(wake)

    def logs(self, sandbox: SandboxConfig, log_path: str, *, tail: int | None) -> Iterator[LogLine]:
        """Yield the lines that a container's log has now, or the last ``tail`` of them."""
        return logs.read(self._connected().link, sandbox, log_path, tail=tail)

    def log_start(self, sandbox: SandboxConfig, log_path: str, *, tail: int | None) -> Position:
        """Return where the last ``tail`` lines of a container's log begin. Raises PortError."""
        return logs.start_of(self._connected().link, sandbox, log_path, tail=tail)

    def log_on(self, sandbox: SandboxConfig, log_path: str, at: Position) -> tuple[Position, bytes]:
        """Return what was written to a container's log since, and how far that is. Raises PortError."""
        return logs.read_on(self._connected().link, sandbox, log_path, at)

    def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> Command:
        """Start a command in a container. Raises PortError."""
        session = self._connected()
        try:
            url = session.runtime.exec_url(container_id, command, stdin=stdin, tty=tty)
        except grpc.RpcError as error:
            raise session.link.failure() or port_error(error, "run the command", host=self._name) from None
        return start_command(session.link, url, host=self._name, stdin=stdin, tty=tty)

    def forward(self, sandbox_id: str, port: int) -> Tunnel:
        """Connect to a port of a pod, as from within it. Raises PortError."""
        session = self._connected()
        try:
            url = session.runtime.forward_url(sandbox_id, port)
        except grpc.RpcError as error:
            raise session.link.failure() or port_error(error, "forward the port", host=self._name) from None
        return open_tunnel(session.link, url, port, host=self._name)

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True
        with self._lock:
            session, self._session = self._session, None
        if session:
            session.close()

    def _connected(self) -> Session:
        with self._lock:
            if self._closed:
                raise Unreachable(f"{self._name}: the connection was closed")
            if self._session and not self._session.link.alive:
                self._session.close()
                self._session = None
            if self._session is None:
                self._session = Session(self._open_link(), host=self._name)
            return self._session

    def _check(self, facts: HostFacts, session: Session) -> None:
        """Refuse a host that is not ours to change."""
        if facts.machine.kubelet:
            raise Refused(
                f"{self._name}: a kubelet runs on this containerd and removes pods that it does not know",
                hint="take the host out of its cluster (stop and disable the kubelet), or out of this fleet",
            )
        self.owner = None if facts.owner is None else parse_owner(facts.owner, host=self._name)
        if self.owner is None and self._claim:
            self.owner = write_owner(session.link, self._agent, self._claim, host=self._name)
        check_owner(self.owner, self._agent, host=self._name)

    def _failed(self, session: Session, error: grpc.RpcError, what: str) -> Exception:
        known = session.link.failure()
        self._drop(session)
        return known or port_error(error, what, host=self._name)

    def _drop(self, session: Session) -> None:
        with self._lock:
            if self._session is session:
                self._session = None
        session.close()
