"""The owner record of a host: which agent holds it, and the fleet's fingerprint key. One agent a fleet."""

from typing import Final

import msgspec

from agent.hosts.garbled import UNREADABLE
from agent.hosts.link import Link
from agent.model.labels import OWNER_FILE
from agent.model.plan import FingerprintKey
from agent.model.typed import decoder
from agent.model.value import MASK, Value
from agent.ports import Permanent, Refused, Temporary

_KEY_BYTES: Final = 32

# `ln` fails when the name is taken, so of two agents that write at the same moment exactly one wins.
_WRITE: Final = """
set -eu
umask 077
mkdir -p "${1%/*}"
new=$(mktemp "$1.XXXXXX")
trap 'rm -f "$new"' EXIT
cat >"$new"
ln "$new" "$1" 2>/dev/null || [ -e "$1" ]
cat "$1"
"""


class OwnerRecord(Value, frozen=True, kw_only=True):
    """Who holds a host."""

    agent: str
    key: FingerprintKey

    def __repr__(self) -> str:
        return f"OwnerRecord(agent={self.agent!r}, key={MASK})"


class _Written(Value, frozen=True, kw_only=True):
    agent: str
    key: str
    version: int = 1


_RECORD: Final = decoder(_Written)


def parse_owner(written: str, *, host: str) -> OwnerRecord:
    """Return a record. Raises Permanent when it is not one: it may be another agent's, so it is not replaced."""
    try:
        record = _RECORD.decode(written)
        key = bytes.fromhex(record.key)
    except UNREADABLE:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Permanent(
            f"{host}: the owner record {OWNER_FILE} is damaged",
            hint="if no other agent holds this host, remove the file there",
        )
    return OwnerRecord(agent=record.agent, key=FingerprintKey(value=key))


def check_owner(record: OwnerRecord | None, agent: str, *, host: str) -> None:
    """Refuse a host that another agent holds."""
    if record and record.agent != agent:
        raise Refused(
            f"{host} is held by the agent {record.agent!r}; this one is {agent!r}",
            hint=f"let one agent own it; to hand it over, stop the other one and remove {OWNER_FILE} on the host",
        )


def write_owner(link: Link, agent: str, key: FingerprintKey, *, host: str) -> OwnerRecord:
    """Claim a host that nobody holds; return the record that then stands, an earlier one where there is one."""
    written = _Written(agent=agent, key=key.value.hex())
    done = link.run(_WRITE, OWNER_FILE, stdin=msgspec.json.encode(written) + b"\n")
    if done.code:
        raise Temporary(
            f"{host}: the owner record {OWNER_FILE} cannot be written: {done.error[:200]}",
            hint="trimtab needs root on its hosts: log in as root, or set become: sudo in spec.ssh of the Host",
        )
    return parse_owner(done.output.decode(errors="replace"), host=host)
