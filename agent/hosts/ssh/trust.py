"""Host keys are pinned: what is known is compared, what is not is refused with the line that would pin it."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agent.hosts.ssh.library import InvalidHostKey, paramiko
from agent.model.value import Value
from agent.ports import Permanent

_STANDARD_PORT: Final = 22


class HostKey(Value, frozen=True, kw_only=True):
    """A host's public key: its type (``ssh-ed25519``) and its content, base64 as OpenSSH writes it."""

    type: str
    base64: str

    @property
    def fingerprint(self) -> str:
        """The key as OpenSSH shows it: ``SHA256:…``."""
        digest = hashlib.sha256(base64.b64decode(self.base64)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{self.type} {self.base64}"


def parse_host_key(written: str) -> HostKey:
    """Return the key that ``TYPE BASE64`` names. Raises Permanent when it is not one."""
    parts = written.split()
    if len(parts) >= 2:
        try:
            content = base64.b64decode(parts[1], validate=True)
        except binascii.Error:
            content = b""
        if content[4:].startswith(parts[0].encode()):
            return HostKey(type=parts[0], base64=parts[1])
    raise Permanent(
        f"{written[:60]!r} is not a host key",
        hint="write it as in known_hosts, type and key: ssh-ed25519 AAAA…",
    )


def key_of(key: paramiko.PKey) -> HostKey:
    """Return a key of the SSH library as a value."""
    return HostKey(type=key.get_name(), base64=key.get_base64())


def known_host_name(address: str, port: int) -> str:
    """Return how known_hosts names an address: with brackets where the port is not 22."""
    return address if port == _STANDARD_PORT else f"[{address}]:{port}"


def known_keys(files: Sequence[str], name: str) -> tuple[HostKey, ...]:
    """Return every key that known_hosts files hold for a name. Raises Permanent when a file cannot be read."""
    found: list[HostKey] = []
    for file in files:
        try:
            entries = paramiko.HostKeys(str(Path(file).expanduser()))
        except (OSError, paramiko.SSHException, InvalidHostKey, ValueError) as error:
            raise Permanent(
                f"known_hosts file {file} cannot be read: {getattr(error, 'strerror', None) or error}",
                hint="mend the file, or the ssh.knownHostsFile that names it",
            ) from None
        found += [key_of(key) for key in (entries.lookup(name) or {}).values()]
    return tuple(found)


def check_host_key(shown: HostKey, pinned: Sequence[HostKey], *, host: str, name: str) -> None:
    """Refuse a host that shows a key other than a pinned one. ``name`` is the host's name in known_hosts."""
    if shown in pinned:
        return
    line = f'add  hostKey: "{shown}"  to its spec.ssh, or the line  {name} {shown}  to the known_hosts file'
    if not pinned:
        raise Permanent(
            f"{host}: host key is not known: {name} shows {shown.type} {shown.fingerprint}",
            hint=f"if that fingerprint is the host's own (ssh-keygen -lf on its console), {line}",
        )
    expected = ", ".join(f"{key.type} {key.fingerprint}" for key in pinned)
    raise Permanent(
        f"{host}: host key has CHANGED: {name} shows {shown.type} {shown.fingerprint}, pinned is {expected}",
        hint=f"somebody may stand in between; only if the host was set up anew, replace the pinned key: {line}",
    )
