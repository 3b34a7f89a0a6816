"""One look at everything, changing nothing: what a revision declares, and what every host of it shows."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from agent.cli.look.asking import ask
from agent.cli.wiring import keep_key, open_host, open_source, profiles_of, recorded_key, saved_key, saved_state
from agent.manifests import Cache, load
from agent.manifests.report import render_text
from agent.model.duration import parse_duration
from agent.model.objects import Declared
from agent.model.objects import Host as HostObject
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import Fleet
from agent.model.observation import Observation, Unseen
from agent.model.origin import Blob, Revision
from agent.model.plan import FingerprintKey, FleetInput
from agent.ports import Host, Permanent, PortError, Source

if TYPE_CHECKING:
    from agent.hosts.host import ContainerdHost

AnyHost = TypeVar("AnyHost", bound=Host)
Answer = TypeVar("Answer")

_FOR_THE_LOOK = 20.0
"""Seconds that a host may take to show everything, on top of the time to connect."""
_TURN = 0.0005
"""Seconds that one thread keeps others waiting."""


def read_fleet(source: Source, revision: Revision, more: Mapping[str, bytes] = MappingProxyType({})) -> Fleet:
    """Return what a revision declares. Raises Permanent with every problem when it is not right.

    ``more`` are files that count as if they stood in it, too.
    """
    extra = [Blob(path=path, id=path, size=len(content)) for path, content in more.items()]

    def read(blobs: Sequence[Blob]) -> Mapping[str, bytes]:
        found = source.read(revision, [blob for blob in blobs if blob not in extra])
        return {**found, **{blob.id: more[blob.path] for blob in blobs if blob in extra}}

    loaded = load(revision, [*source.tree(revision), *extra], read, Cache())
    if loaded.fleet is None:
        what = "the working folder" if revision.id == "worktree" else f"revision {revision.short}"
        raise Permanent(f"{what} is not right:\n{render_text(loaded.problems)}", hint="correct it, then try again")
    return loaded.fleet


def hosts_of(fleet: Fleet) -> Sequence[Declared[HostObject]]:
    """Return the hosts that a fleet declares, sorted by name."""
    return [
        Declared(key=declared.key, body=declared.body, origin=declared.origin)
        for _, declared in sorted(fleet.objects.items())
        if isinstance(declared.body, HostObject)
    ]


def chosen(hosts: Sequence[Declared[HostObject]], names: Sequence[str]) -> Sequence[Declared[HostObject]]:
    """Return the named hosts, or all without names. Raises Permanent for a name that no host has."""
    known = {host.body.metadata.name: host for host in hosts}
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise Permanent(f"there is no host {name!r} in this revision", hint=f"its hosts are: {listed}")
    return [known[name] for name in known if name in names] if names else list(hosts)


def look_at(config: AgentConfig, fleet: Fleet, meanwhile: Callable[[], object] = lambda: None) -> FleetInput:
    """Look at every host of a fleet, at once; return all that planning needs. Nothing is changed on any host.

    ``meanwhile`` is called while the hosts answer.
    """
    spec, state = config.spec, saved_state(config)
    hosts = [open_host(host, config) for host in hosts_of(fleet)]
    try:
        observations = observe_all(
            hosts,
            limit=look_limit(config),
            at_once=spec.limits.connections,
            agent=config.metadata.name,
            meanwhile=meanwhile,
        )
        return FleetInput(
            agent=config.metadata.name,
            fleet=fleet,
            observations=observations,
            memory=state.memory,
            key=saved_key(config) or recorded_key(hosts) or _key_to_be(config),
            now=time.time(),
            prune=spec.prune.enabled,
            profiles=profiles_of(config),
            autoscaling=parse_duration(spec.limits.autoscaling),
            before=_in_force(config, state.in_force) if state.in_force not in {"", fleet.revision.id} else None,
        )
    finally:
        for host in hosts:
            host.close()


def _in_force(config: AgentConfig, revision: str) -> Fleet | None:
    """Return what is in force until another revision is: templates that pods live of. None when it can't be read."""
    try:
        source = open_source(config)
        return read_fleet(source, source.resolve(revision))
    except PortError:
        return None  # pods of older templates are then left as they are: what the agent does without it, too


def established_key(config: AgentConfig, source: Source) -> FingerprintKey:
    """Return the fleet's key for an agent, which keeps it. Raises PortError.

    One whose state directory is new, or was lost, asks the hosts first: they know the key of a fleet that is held
    already, and with another one every Secret would look changed.
    """
    if (saved := saved_key(config)) is not None:
        return saved
    hosts: list[ContainerdHost] = []
    try:
        source.fetch()
        hosts = [open_host(host, config) for host in hosts_of(read_fleet(source, source.resolve()))]
        observe_all(hosts, limit=look_limit(config), at_once=config.spec.limits.connections)
    except PortError:
        pass  # what is wrong with the source is told by the loops, which start all the same
    finally:
        for host in hosts:
            host.close()
    return keep_key(config, recorded_key(hosts))


def _key_to_be(config: AgentConfig) -> FingerprintKey:
    """Make the key of a fleet that nobody holds yet, so that what is shown now is what an apply then does."""
    try:
        return keep_key(config, None)
    except PortError:
        # Whoever may not write to the state directory sees true differences, only under other fingerprints.
        return FingerprintKey(value=secrets.token_bytes(32))


def look_limit(config: AgentConfig) -> float:
    """Return the seconds that a host may take to connect and show everything."""
    return parse_duration(config.spec.ssh.connect_timeout) + _FOR_THE_LOOK


def observe_all(
    hosts: Sequence[Host],
    *,
    limit: float,
    at_once: int,
    agent: str = "",
    meanwhile: Callable[[], object] = lambda: None,
) -> Mapping[str, Observation]:
    """Look at all hosts side by side; one that fails, or takes longer than ``limit`` seconds, is Unseen with a reason.

    With ``agent`` the containers of that agent are asked whether they are ready, as their probes say.
    """

    def look(host: Host) -> Observation:
        try:
            seen = host.observe()
            return ask(host, seen, agent) if agent else seen
        except PortError as error:
            return Unseen(since=time.time(), reason=f"{error} (hint: {error.hint})" if error.hint else str(error))

    found = asked_of_each(hosts, look, limit=limit, at_once=at_once, meanwhile=meanwhile)
    return {host.name: found.get(host.name) or Unseen(since=time.time(), reason=late(limit)) for host in hosts}


def asked_of_each(
    hosts: Sequence[AnyHost],
    ask_it: Callable[[AnyHost], Answer],
    *,
    limit: float,
    at_once: int,
    meanwhile: Callable[[], object] = lambda: None,
) -> Mapping[str, Answer]:
    """Ask all hosts side by side; return what each answered within ``limit`` seconds.

    Threads are daemons: one that hangs on a dead host does not keep the command from ending.
    """
    gate, answers = Semaphore(at_once), SimpleQueue[tuple[str, Answer]]()

    def answer(host: AnyHost) -> None:
        with gate:
            answers.put((host.name, ask_it(host)))

    for host in hosts:
        Thread(target=answer, args=(host,), name=f"look-{host.name}", daemon=True).start()
    found: dict[str, Answer] = {}
    deadline = time.monotonic() + limit
    with _giving_way():
        meanwhile()
    while len(found) < len(hosts):
        try:
            name, said = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        found[name] = said
    return found


@contextmanager
def _giving_way() -> Iterator[None]:
    """Let other threads have their turn at once: each answer of a host would wait 5 ms for what goes on here."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def late(limit: float) -> str:
    """Return what to say of a host that did not answer in time."""
    return f"did not show everything within {limit:g} s"
