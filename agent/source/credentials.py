import shlex
from pathlib import Path
from typing import Final

from agent.model.objects.agent import SourceSpec
from agent.model.value import Sensitive, Value
from agent.ports import Permanent
from agent.source.address import Address

_TOKEN_AT_MOST: Final = 16 * 1024


class Access(Value, frozen=True, kw_only=True):
    """How git may reach a remote: settings for its command line, variables for its environment.

    Neither holds a secret: they name files, which git's own helpers read. ``secrets`` are texts that must be struck
    out of whatever git prints.
    """

    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[Sensitive, ...] = ()


def access(spec: SourceSpec, address: Address) -> Access:
    """Return how to reach a source's remote. Raises Permanent for a credential file that cannot be used."""
    match address.kind:
        case "ssh":
            return Access(environment=(("GIT_SSH_COMMAND", ssh_command(spec)), ("GIT_SSH_VARIANT", "ssh")))
        case "http":
            # A redirect from https to http is refused by git as long as http is not allowed.
            plain = ("protocol.http.allow=always",) if address.origin.startswith("http://") else ()
            if not spec.token_file:
                return Access(options=plain)
            token = _token(Path(spec.token_file))
            helper = _helper(spec.username, spec.token_file)
            # Scoped to the server, so that a redirect elsewhere does not carry the token along.
            return Access(options=(*plain, f"credential.{address.origin}.helper={helper}"), secrets=(token,))
        case "local":
            return Access()


def ssh_command(spec: SourceSpec) -> str:
    """Return the ssh that git runs: keys and known hosts only from where the source says, and never a question."""
    settings = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "ConnectTimeout": "10",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "3",
        "ControlPath": "none",  # a master in the background would hold git's output open
    }
    if spec.identity_file:
        _readable(Path(spec.identity_file), "spec.source.identityFile")
        settings |= {"IdentityFile": _ssh_path(spec.identity_file), "IdentitiesOnly": "yes", "IdentityAgent": "none"}
    if spec.known_hosts_file:
        _readable(Path(spec.known_hosts_file), "spec.source.knownHostsFile")
        settings |= {"UserKnownHostsFile": _ssh_path(spec.known_hosts_file), "GlobalKnownHostsFile": "none"}
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    return shlex.join(["ssh", *options])


def _ssh_path(path: str) -> str:
    """Quote a path as ssh's configuration reads it: whitespace separates, percent signs and ``${`` are expanded."""
    if '"' in path or "\\" in path or "${" in path or not path.isprintable():
        raise Permanent(f"ssh cannot take the path {path!r}", hint='give the file a name without ", \\ and ${')
    return '"' + path.replace("%", "%%") + '"'


def _helper(username: str, token_file: str) -> str:
    """Return a git credential helper that reads the token when git asks; printf is the shell's own, no process."""
    path = shlex.quote(token_file)
    answer = f'printf "username=%s\\npassword=%s\\n" {shlex.quote(username)} "$(tr -d "\\r\\n" <{path})"'
    return f'!f() {{ test "$1" != get || {answer}; }}; f'


def _token(path: Path) -> Sensitive:
    _readable(path, "spec.source.tokenFile")
    with path.open("rb") as file:
        content = file.read(_TOKEN_AT_MOST)
    token = content.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
    if not token:
        raise Permanent(f"the token file {path} is empty", hint="put the token into it, alone on one line")
    return Sensitive(token)


def _readable(path: Path, setting: str) -> None:
    try:
        with path.open("rb"):
            return
    except OSError as error:
        raise Permanent(
            f"{setting} names {path}, which cannot be read: {error.strerror}",
            hint="name a file that the user trimtab runs as may read (under systemd: a credential)",
        ) from error
