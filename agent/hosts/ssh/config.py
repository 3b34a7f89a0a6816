"""Where a host is reached and how: its Host object, then the OpenSSH configuration, then the Agent's defaults."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from agent.hosts.ssh.library import paramiko
from agent.hosts.ssh.trust import HostKey, known_host_name, known_keys, parse_host_key
from agent.model.duration import parse_duration
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Ssh
from agent.model.value import Value
from agent.ports import Permanent

_MOST_JUMPS: Final = 8
_PORT: Final = re.compile(r"[0-9]{1,5}")


class Destination(Value, frozen=True, kw_only=True):
    """Everything needed to open one SSH connection. ``through`` is the connection to make first."""

    host: str
    """How messages call it."""
    address: str
    port: int
    user: str
    identity_files: tuple[str, ...]
    known_name: str
    """Its name in known_hosts."""
    pinned: tuple[HostKey, ...]
    through: "Destination | None" = None
    connect_timeout: float = 10.0
    keepalive: float = 15.0


def resolve(host: str, ssh: Ssh, defaults: SshDefaults) -> Destination:
    """Return how to reach a host. Raises Permanent when the configuration does not add up."""
    jump = ssh.jump
    through = None
    if jump:
        above = Ssh(address=jump.address, port=jump.port, user=jump.user, host_key=jump.host_key)
        through = _resolve(f"{host}, jump host {jump.address}", above, defaults, depth=1)
    return _resolve(host, ssh, defaults, depth=0, through=through)


def _resolve(
    host: str, ssh: Ssh, defaults: SshDefaults, *, depth: int, through: Destination | None = None
) -> Destination:
    found = _lookup(defaults.config_file, ssh.address) if defaults.config_file else {}
    address = _one(found, "hostname") or ssh.address
    port = ssh.port or _port(host, _one(found, "port") or "22", f"Port of {defaults.config_file}")
    known_name = _one(found, "hostkeyalias") or known_host_name(address, port)
    files = [file for file in (defaults.known_hosts_file,) if file]
    files += _one(found, "userknownhostsfile").split()
    pinned = (parse_host_key(ssh.host_key),) if ssh.host_key else known_keys(files, known_name)
    proxy = _one(found, "proxyjump")
    if through is None and proxy and proxy.lower() != "none":
        through = _proxy_jump(host, proxy, defaults, depth)
    return Destination(
        host=host,
        address=address,
        port=port,
        user=ssh.user or _one(found, "user") or defaults.user,
        identity_files=_identities(ssh, found, defaults),
        known_name=known_name,
        pinned=pinned,
        through=through,
        connect_timeout=parse_duration(defaults.connect_timeout),
        keepalive=parse_duration(defaults.keepalive_interval),
    )


def _identities(ssh: Ssh, found: dict[str, str | list[str]], defaults: SshDefaults) -> tuple[str, ...]:
    if ssh.identity_file:
        return (ssh.identity_file,)
    configured = found.get("identityfile")
    if configured:
        return tuple(configured) if isinstance(configured, list) else (configured,)
    return (defaults.identity_file,) if defaults.identity_file else ()


def _proxy_jump(host: str, proxy: str, defaults: SshDefaults, depth: int) -> Destination:
    """Return the last of a ProxyJump's comma-separated hops, each through the one before it."""
    if depth >= _MOST_JUMPS:
        raise Permanent(f"{host}: more than {_MOST_JUMPS} jump hosts in {defaults.config_file}: does it go in circles?")
    through: Destination | None = None
    for hop in proxy.split(","):
        user, _, rest = hop.strip().removeprefix("ssh://").rpartition("@")
        address, colon, port = rest.rpartition(":")
        if not colon or rest.endswith("]"):
            address, port = rest, ""
        number = _port(host, port, f"ProxyJump {hop!r} of {defaults.config_file}") if port else None
        ssh = Ssh(address=address.strip("[]"), port=number, user=user or None)
        through = _resolve(f"{host}, jump host {ssh.address}", ssh, defaults, depth=depth + 1, through=through)
    if through is None:
        raise Permanent(f"{host}: empty ProxyJump in {defaults.config_file}")
    return through


def _port(host: str, written: str, where: str) -> int:
    if not _PORT.fullmatch(written) or not 0 < int(written) < 65536:
        raise Permanent(f"{host}: {where} names port {written[:40]!r}, which is none", hint="a number up to 65535")
    return int(written)


def _lookup(file: str, alias: str) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]]
    try:
        found = dict(_load(file).lookup(alias))
    except paramiko.ConfigParseError as error:
        raise Permanent(
            f"OpenSSH configuration {file}: {error}", hint="mend the file that ssh.configFile names"
        ) from None
    except ImportError:
        raise Permanent(
            f"OpenSSH configuration {file} uses Match exec, which trimtab does not run", hint="use Host or Match host"
        ) from None
    command = _one(found, "proxycommand")
    if command and command.lower() != "none":
        raise Permanent(
            f"OpenSSH configuration {file} asks for a ProxyCommand for {alias}, which trimtab does not run",
            hint="use ProxyJump there, or spec.ssh.jump in the Host",
        )
    return found


def _load(file: str) -> paramiko.SSHConfig:
    path = Path(file).expanduser()
    try:
        state = path.stat()
        return _parse(str(path), (state.st_ino, state.st_size, state.st_mtime_ns))
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(
            f"OpenSSH configuration {file} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="see ssh.configFile of the Agent",
        ) from None


@lru_cache(maxsize=4)
def _parse(path: str, state: tuple[int, ...]) -> paramiko.SSHConfig:
    """Parse a file once for all hosts, and again once it was edited."""
    del state
    return paramiko.SSHConfig.from_path(path)


def _one(found: dict[str, str | list[str]], key: str) -> str:
    value = found.get(key, "")
    return value if isinstance(value, str) else " ".join(value)
