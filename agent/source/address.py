import re
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from agent.model.value import Value
from agent.ports import Permanent

Kind = Literal["local", "ssh", "http"]

_SCP_LIKE: Final = re.compile(r"(?:(?P<user>[^@:/\s]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:/\s\[]+):(?P<path>[^:\s].*)")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f]")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Address(Value, frozen=True, kw_only=True):
    """Where a repository is. ``url`` is what git is given and what may be shown: it never holds a credential.

    ``host`` and ``port`` are empty for a local one; ``origin`` (scheme, host, port) scopes a token to its server.
    """

    url: str
    kind: Kind
    host: str = ""
    port: int = 0
    origin: str = ""

    @property
    def path(self) -> Path | None:
        """The folder of a local repository, None for a remote one."""
        return Path(self.url) if self.kind == "local" else None


def parse_address(url: str) -> Address:
    """Return what a URL means to git. Raises Permanent where it is unsafe or holds credentials, with what to do."""
    if url.startswith("-") or _UNPRINTABLE.search(url) or not url:
        raise Permanent(f"spec.source.url {url!r} is not a git URL", hint=_FORMS)
    if url.startswith(("/", "./", "../", "~")) or url in (".", ".."):
        return _local(url)
    if "://" in url:
        return _with_scheme(url)
    scp_like = _SCP_LIKE.fullmatch(url)
    if scp_like is None or scp_like["path"].startswith("-") or scp_like["host"].startswith("-"):
        raise Permanent(f"spec.source.url {url!r} is not a git URL", hint=_FORMS)
    return Address(url=url, kind="ssh", host=scp_like["host"].strip("[]"))


_FORMS: Final = "write git@HOST:PATH, ssh://USER@HOST[:PORT]/PATH, https://HOST/PATH, or the path of a local repository"


def _local(path: str) -> Address:
    return Address(url=str(Path(path).expanduser().absolute()), kind="local")


def _with_scheme(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        raise Permanent("spec.source.url is not a valid URL", hint=_FORMS) from None
    if parts.password is not None or (parts.scheme in ("http", "https") and parts.username is not None):
        raise Permanent(
            f"spec.source.url for {host} holds credentials, which would show in logs and process lists",
            hint="write the URL without them; put the token into a file and name it in spec.source.tokenFile "
            "(and its user in spec.source.username), or use ssh with spec.source.identityFile",
        )
    if parts.query or parts.fragment:
        raise Permanent(
            f"spec.source.url for {host} has a query or fragment, where credentials could hide",
            hint="write the URL without it; a token goes into a file named in spec.source.tokenFile",
        )
    match parts.scheme:
        case "file" if host in ("", "localhost"):
            return _local(parts.path)
        case "ssh" if host and not host.startswith("-"):
            return Address(url=url, kind="ssh", host=host, port=port)
        case "https" if host:
            return Address(url=url, kind="http", host=host, port=port, origin=f"https://{parts.netloc}")
        case "http" if host in _LOOPBACK:
            return Address(url=url, kind="http", host=host, port=port, origin=f"http://{parts.netloc}")
        case "http" | "git":
            raise Permanent(
                f"spec.source.url uses {parts.scheme}://, which anybody on the way can change",
                hint="use https:// or ssh; what a source says runs on hosts as root",
            )
    raise Permanent(f"spec.source.url {url!r} is not a git URL that trimtab takes", hint=_FORMS)
