"""What ``trimtab simulate`` supposes: which fleet, from where, and what happens to it when."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.cli.look.everything import hosts_of, look_at, read_fleet
from agent.cli.look.standing import fleet_in_force
from agent.cli.wiring import open_folder, open_source, saved_state
from agent.model.duration import parse_duration
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import Fleet
from agent.model.origin import Revision
from agent.ports import Permanent, PortError, Source
from agent.simulator.whatif import Happening, Question, with_generic_hosts

_UNTIMED: Final = "1m"
"""When something happens of which no ``--at`` says it."""
_STANDS_IN: Final = {
    "simulated-host.yaml": b"apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {name: simulated-host}\n"
    b"spec: {ssh: {address: simulated.invalid}}\n"
}
_EVENTS: Final = ("--fail", "--return", "--drain", "--change")


class Event(NamedTuple):
    """One event of the command line: its option, its value, and what the ``--at`` after it says."""

    option: str
    value: str
    at: str


def events_of(args: Sequence[str]) -> list[Event]:
    """Return every event of a command line, in order. Raises Permanent for a time that is about nothing."""
    found: list[Event] = []
    words = iter(args)
    for word in words:
        option, given, value = word.partition("=")
        if option not in (*_EVENTS, "--at"):
            continue
        if not given:
            value = next(words, "")
        if option != "--at":
            found.append(Event(option, value, ""))
        elif found and not found[-1].at:
            found[-1] = found[-1]._replace(at=value)
        else:
            raise Permanent(f"--at {value} is about nothing", hint="write it behind the event: --fail HOST --at 5m")
    return found


class Reader:
    """Reads fleets from folders and from the configured source; with ``hosts``, puts them on so many of its own."""

    def __init__(self, config: AgentConfig | None, hosts: int | None) -> None:
        self._config = config
        self._hosts = hosts
        self._source: Source | None = None

    def folder(self, path: Path) -> Fleet:
        """Return what a folder declares. Raises PortError."""
        source = open_folder(path)
        return self._read(source, source.resolve())

    def commit(self, ref: str | None) -> Fleet:
        """Return what a revision of the source declares. Raises PortError."""
        if self._config is None:
            raise Permanent(
                f"{ref} is no folder, and without a configuration there is no source to find it in",
                hint="name a folder, or the agent's configuration with --config",
            )
        if self._source is None:
            self._source = open_source(self._config)
            self._source.fetch()
        return self._read(self._source, self._source.resolve(ref))

    def _read(self, source: Source, revision: Revision) -> Fleet:
        if self._hosts is None:
            return read_fleet(source, revision)
        # A source without any Host is refused, and rightly so; here it has none of its own.
        return with_generic_hosts(read_fleet(source, revision, _STANDS_IN), self._hosts)


def happening(event: Event, fleet: Fleet, read: Reader) -> Happening:
    """Return what an event of the command line means. Raises PortError."""
    at = seconds(event.at or _UNTIMED, "--at")
    if event.option == "--change":
        folder = Path(event.value)
        return Happening(
            at=at, what="change", fleet=read.folder(folder) if folder.is_dir() else read.commit(event.value)
        )
    known = [host.body.metadata.name for host in hosts_of(fleet)]
    if event.value not in known:
        raise Permanent(
            f"there is no host {event.value!r} to {event.option[2:]}", hint=f"its hosts are: {_some(known)}"
        )
    match event.option:
        case "--fail":
            return Happening(at=at, what="fail", host=event.value)
        case "--return":
            return Happening(at=at, what="return", host=event.value)
        case _:
            return Happening(at=at, what="drain", host=event.value)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def as_it_stands(question: Question, config: AgentConfig) -> Question:
    """Return a question about what the hosts run now, and what the agent remembers. Looks, and changes nothing."""
    seen = look_at(config, question.fleet)
    return replace(
        question,
        agent=seen.agent,
        key=seen.key,
        start=seen.now,
        observations=seen.observations,
        memory=seen.memory,
        before=_in_force(config),
    )


def _in_force(config: AgentConfig) -> Fleet | None:
    """Return the fleet in force, None where there is none or it cannot be read any more: then it is begun anew."""
    if not saved_state(config).in_force:
        return None
    try:
        return fleet_in_force(config, open_source(config))
    except PortError:
        return None


def seconds(written: str, option: str) -> float:
    """Return a duration in seconds. Raises Permanent when it is not one."""
    try:
        return parse_duration(written)
    except ValueError as error:
        raise Permanent(f"{option} {written}: {error}", hint="write 90s, 5m or 1h30m") from error
