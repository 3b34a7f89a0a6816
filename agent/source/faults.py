import re
from typing import Final, NamedTuple

from agent.model.value import MASK
from agent.ports import Permanent, PortError, Temporary, Unreachable
from agent.source.command import GitFailed
from agent.source.text import printable

_TOLD_AT_MOST: Final = 400


class _Rule(NamedTuple):
    said: re.Pattern[str]
    error: type[PortError]
    message: str
    hint: str = ""


def _rule(said: str, error: type[PortError], message: str, hint: str = "") -> _Rule:
    return _Rule(re.compile(said, re.IGNORECASE | re.DOTALL), error, message, hint)


# The first that matches what git and ssh printed says what it means; they print causes before consequences.
_RULES: Final = (
    _rule(
        r"dubious ownership",
        Permanent,
        "it belongs to another user than the one trimtab runs as, so git does not trust it",
        "as root: git config --system --add safe.directory {where} (or give the repository to trimtab's user)",
    ),
    _rule(
        r"not a git repository|cannot change to|does not appear to be a git repository|"
        r"repository .{1,400} not found|repository not found|project you were looking for could not be found",
        Permanent,
        "there is no git repository that trimtab may see",
        "check spec.source.url, and that the credentials may read this repository",
    ),
    _rule(
        r"host key verification failed|host key for .{1,200} has changed|remote host identification has changed",
        Permanent,
        "the server's ssh host key is not the one that is pinned",
    ),
    _rule(
        r"unprotected private key file|bad permissions",
        Permanent,
        "ssh does not use a key file that others may read",
        "chmod 600 the file that spec.source.identityFile names",
    ),
    _rule(
        r"load key .{1,400}(invalid format|error in libcrypto)",
        Permanent,
        "ssh cannot read the key file",
        "spec.source.identityFile must name a private key without a passphrase",
    ),
    _rule(
        r"permission denied \(|authentication failed|could not read (username|password)|returned error: 40[13]|"
        r"too many authentication failures|http basic: access denied",
        Permanent,
        "the server does not accept the credentials",
        "check spec.source.identityFile (ssh) or spec.source.tokenFile and username (https), and that they may read "
        "this repository",
    ),
    _rule(
        r"ssl certificate|server certificate|certificate verif",
        Permanent,
        "the server's certificate is not trusted",
        "add its authority to the system's certificates, or name it in git's http.sslCAInfo",
    ),
    _rule(r"transport '.{1,40}' not allowed", Permanent, "the server redirects to a protocol that is not safe"),
    _rule(
        r"returned error: 404", Permanent, "there is no git repository that trimtab may see", "check spec.source.url"
    ),
    _rule(r"returned error: (5\d\d|429)", Unreachable, "the server has a fault of its own"),
    _rule(
        r"could not resolve host|name or service not known|temporary failure in name resolution",
        Unreachable,
        "the server's name is not known",
        "check the host in spec.source.url, and DNS on this machine",
    ),
    _rule(
        r"connection (refused|timed out|reset|closed)|no route to host|network is unreachable|failed to connect|"
        r"couldn't connect|operation timed out|kex_exchange_identification|broken pipe|early eof|hung up unexpectedly|"
        r"unexpected disconnect|could not connect|empty reply|transfer closed|rpc failed|connection to .{1,200} port",
        Unreachable,
        "the server does not answer",
    ),
    _rule(r"no space left", Temporary, "the disk of the cache is full", "make room below spec.stateDir"),
    _rule(r"permission denied", Permanent, "trimtab's user may not read it", "give it the right to read {where}"),
)


def explained(failed: GitFailed, doing: str, where: str) -> PortError:
    """Return what a failed git command means at the port: what was tried, why it failed, and what to do."""
    if failed.timed_out:
        return Unreachable(
            f"cannot {doing} {where}: git did not end in time",
            hint="raise spec.source.timeout if the server is only slow; what is on this machine has a minute",
        )
    rule = next((rule for rule in _RULES if rule.said.search(failed.said)), None)
    if rule is None:
        return Temporary(f"cannot {doing} {where}: {told(failed)}")
    return rule.error(f"cannot {doing} {where}: {rule.message} ({told(failed)})", hint=rule.hint.format(where=where))


def unclassified(failed: GitFailed) -> bool:
    """Tell whether nothing is known to explain a failure: then a damaged mirror may be behind it."""
    return not failed.timed_out and not any(rule.said.search(failed.said) for rule in _RULES)


def told(failed: GitFailed) -> str:
    """Return what git said: one short line, without decoration and credentials."""
    lines = [line.strip("@ \t") for line in failed.said.splitlines()]
    whole = "; ".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in lines if line)
    return re.sub(r"://[^/@\s]+@", f"://{MASK}@", printable(whole))[:_TOLD_AT_MOST] or "git said nothing"
