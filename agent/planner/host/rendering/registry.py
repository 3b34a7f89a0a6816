"""Credentials for pulling an image, from the pod's ``imagePullSecrets``: found and matched as a kubelet does."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

import msgspec
from msgspec.structs import replace

from agent.model.desired import ConfigData, DesiredPod
from agent.model.objects.meta import ConfigKey
from agent.model.registry import RegistryAuth
from agent.model.typed import decoder
from agent.model.value import Sensitive, Value
from agent.planner.host.images import canonical
from agent.planner.host.rendering.refusal import Refusal

_LARGEST: Final = 1 << 20
_MOST: Final = 1000
_HUB: Final = frozenset({"docker.io", "index.docker.io"})


class _Entry(msgspec.Struct, frozen=True):
    """What a docker config says of one registry."""

    username: str = ""
    password: str = ""
    auth: str = ""
    identitytoken: str = ""

    def __repr__(self) -> str:
        return "_Entry(•••)"


class _Config(msgspec.Struct, frozen=True):
    """``.dockerconfigjson``."""

    auths: dict[str, _Entry] = {}


class _Place(Value, frozen=True, kw_only=True, order=True):
    """Which images credentials are for: each part of the host may be a pattern."""

    host: str
    port: str = ""
    path: str = ""


class Keyring(Value, frozen=True, kw_only=True):
    """All credentials of a pod, those for the most particular place first."""

    entries: tuple[tuple[_Place, RegistryAuth], ...] = ()

    def matching(self, image: str) -> tuple[RegistryAuth, ...]:
        """Return the credentials to try for an image, in order."""
        if not self.entries:
            return ()
        target = _place(canonical(image))
        server = f"{target.host}:{target.port}" if target.port else target.host
        found = [replace(auth, server=server) for place, auth in self.entries if _matches(place, target)]
        return tuple(dict.fromkeys(found))


def keyring(desired: DesiredPod) -> Keyring:
    """Return the credentials of a pod's imagePullSecrets; a Secret that is not there is passed over. Raises Refusal."""
    found: list[tuple[_Place, RegistryAuth]] = []
    for reference in desired.spec.image_pull_secrets:
        data = desired.config.get(ConfigKey(kind="Secret", name=reference.name))
        if data is not None:
            found += _credentials(data)
    if len(found) > _MOST:
        raise Refusal(f"imagePullSecrets: {len(found)} registries, at most {_MOST} are read")
    return Keyring(entries=tuple(sorted(found, key=lambda entry: entry[0], reverse=True)))


def _credentials(data: ConfigData) -> Iterator[tuple[_Place, RegistryAuth]]:
    for server, entry in _registries(data).items():
        place = _place(_without_scheme(server))
        username, password = _decoded(entry.auth, server, data) if entry.auth else (entry.username, entry.password)
        yield (
            place,
            RegistryAuth(
                server=place.host,
                username=username,
                password=Sensitive(password),
                identity_token=Sensitive(entry.identitytoken),
            ),
        )


_ENTRIES: Final = decoder(dict[str, _Entry])


_CONFIG: Final = decoder(_Config)


def _registries(data: ConfigData) -> dict[str, _Entry]:
    for key in (".dockerconfigjson", ".dockercfg"):
        written = data.entries.get(key)
        if written is None:
            continue
        if len(written) > _LARGEST:
            raise Refusal(f"imagePullSecrets: key {key} of Secret {data.key.name} is larger than 1 MiB")
        try:
            if key == ".dockercfg":
                return _ENTRIES.decode(written)
            return _CONFIG.decode(written).auths
        except (msgspec.DecodeError, RecursionError):
            # What is wrong with it is not told: the message would quote it.
            raise Refusal(f"imagePullSecrets: key {key} of Secret {data.key.name} is no docker config") from None
    raise Refusal(
        f"imagePullSecrets: Secret {data.key.name} has no key .dockerconfigjson, as 'kubectl create secret "
        "docker-registry' makes it"
    )


def _decoded(auth: str, server: str, data: ConfigData) -> tuple[str, str]:
    try:
        plain = b64decode(auth + "=" * (-len(auth) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        plain = ""
    username, colon, password = plain.partition(":")
    if not colon:
        raise Refusal(
            f"imagePullSecrets: auth of {server[:200]} in Secret {data.key.name} is not USER:PASSWORD in base64"
        )
    return username, password.strip("\0")


def _without_scheme(server: str) -> str:
    bare = server.partition("://")[2] if server.startswith(("https://", "http://")) else server
    host, slash, path = bare.partition("/")
    for version in ("v1", "v2"):
        if path == version or path.startswith(f"{version}/"):
            path = path[len(version) :].lstrip("/")
    return f"{host}{slash}{path}".rstrip("/")


def _place(written: str) -> _Place:
    """Split ``host:port/path``; the name of a repository stands for its path, without tag and digest."""
    host, _, path = written.partition("@")[0].partition("/")
    name, _, port = host.partition(":") if not host.startswith("[") else _bracketed(host)
    folder, slash, last = path.rpartition("/")
    return _Place(host=name, port=port, path=f"{folder}{slash}{last.partition(':')[0]}")


def _bracketed(host: str) -> tuple[str, str, str]:
    """Split an IPv6 address from its port."""
    address, _, rest = host.partition("]")
    return f"{address}]", ":", rest.removeprefix(":")


def _matches(place: _Place, target: _Place) -> bool:
    if place.host in _HUB and target.host in _HUB:
        return target.path.startswith(place.path)
    return (
        place.port == target.port
        and target.path.startswith(place.path)
        and _same_parts(place.host.split("."), target.host.split("."))
    )


def _same_parts(patterns: Iterable[str], parts: Iterable[str]) -> bool:
    wanted, there = list(patterns), list(parts)
    return len(wanted) == len(there) and all(
        part == pattern or fnmatchcase(part, pattern) for part, pattern in zip(there, wanted, strict=True)
    )
