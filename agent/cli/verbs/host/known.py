"""The hosts that a source declares already: a machine is added to it once."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.manifests.ignore import IGNORE_FILE, Ignore
from agent.manifests.limits import MAX_FILE_BYTES
from agent.manifests.parse import parse_file
from agent.manifests.selection import SUFFIXES
from agent.model.objects import Declared, Host
from agent.ports import Permanent

Known = Sequence[Declared[Host]]

_STANDARD_PORT = 22


def known_hosts(folder: Path) -> Known:
    """Return the hosts that a source's folder declares, committed or not; what is wrong in it is not told here.

    A folder that is no source yet, someone's home say, is not looked through.
    """
    return list(_declared(folder)) if (folder / ".git").exists() or (folder / "hosts").is_dir() else []


def refuse_name(name: str, known: Known) -> None:
    """Refuse a name that a host has already. Raises Permanent."""
    for host in known:
        if host.key.name == name:
            raise Permanent(
                f"{host.origin.location} declares a Host {name} already", hint="edit it there, or choose another --name"
            )


def refuse_address(address: str, port: int, known: Known) -> None:
    """Refuse an address at which a host is reached already. Raises Permanent."""
    for host in known:
        ssh = host.body.spec.ssh
        if ssh and not ssh.jump and (ssh.address, ssh.port or _STANDARD_PORT) == (address, port):
            raise Permanent(
                f"{address} port {port} is Host {host.key.name} already, declared at {host.origin.location}",
                hint="one machine is one Host: edit that file, or remove it first",
            )


def refuse_key(key: str, known: Known) -> None:
    """Refuse a key that a host shows already: it is that machine, by another address. Raises Permanent."""
    for host in known:
        pinned = host.body.spec.ssh.host_key if host.body.spec.ssh else None
        if pinned and pinned.split()[:2] == key.split()[:2]:
            raise Permanent(
                f"this is the key of Host {host.key.name} already, declared at {host.origin.location}",
                hint="one machine is one Host: edit that file. If this is another machine, a copy of that one, let it "
                "make keys of its own: rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh",
            )


def _declared(folder: Path) -> Iterator[Declared[Host]]:
    files = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    ignore = Ignore(
        {shown: content for shown, path in files.items() if path.name == IGNORE_FILE and (content := _content(path))}
    )
    for shown, path in sorted(files.items()):
        if not shown.endswith(SUFFIXES) or ignore.ignores(shown) or b"Host" not in (content := _content(path)):
            continue  # most files of a source declare none
        for entry in parse_file(path.as_posix(), content).objects:
            found = entry.declared
            if found is not None and isinstance(found.body, Host):
                yield Declared(key=found.key, body=found.body, origin=found.origin)


def _files(folder: Path) -> Iterator[Path]:
    for inside, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]  # git's own, virtual environments
        yield from (Path(inside) / name for name in files if name.endswith((*SUFFIXES, IGNORE_FILE)))


def _content(path: Path) -> bytes:
    """Return what a manifest holds; nothing of what is none, or cannot be read: others tell that."""
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES else b""
    except OSError:
        return b""
