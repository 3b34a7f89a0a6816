import base64
import hashlib
import subprocess
from typing import Final

from agent.source.address import Address

_SECONDS: Final = 5
_BEST_FIRST: Final = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")


def pinning_hint(address: Address, known_hosts_file: str | None) -> str:
    """Return how to pin the key that a server shows now: the line, and the fingerprint to compare first.

    Asks the server again, without trusting the answer: a person has to.
    """
    file = known_hosts_file or "~/.ssh/known_hosts"
    port = address.port or 22
    command = ["ssh-keyscan", "-T", str(_SECONDS), "-p", str(port), address.host]
    try:
        scanned = subprocess.run(command, capture_output=True, text=True, timeout=3 * _SECONDS, check=False).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        scanned = ""
    lines = [line for line in scanned.splitlines() if len(line.split()) == 3 and not line.startswith("#")]
    best = [line for kind in _BEST_FIRST for line in lines if line.split()[1] == kind]
    if not best:
        return (
            f"add the server's key to {file}: {' '.join(command)} prints it; compare it with what its owner publishes"
        )
    return (
        f"ask the server's owner whether its key is {_fingerprint(best[0])}; only if it is, put this line into {file} "
        f"(in place of older ones for this server): {best[0]}"
    )


def _fingerprint(line: str) -> str:
    try:
        key = base64.b64decode(line.split()[2], validate=True)
    except ValueError:
        return "the one below"
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
