import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from agent.journal.replace import explained, make_folder, sync_folder
from agent.model.plan import FingerprintKey
from agent.ports import Permanent

NAME: Final = "fingerprint.key"
LENGTH: Final = 32


def fingerprint_key(state_dir: str | Path) -> FingerprintKey:
    """Return the fleet's key for fingerprints of Secret content, made at random the first time. Raises PortError.

    Two processes that ask for the first time at once get the same one.
    """
    path = Path(state_dir) / NAME
    make_folder(path.parent)
    with explained("read", path):
        if not path.exists():
            _make(path)
        content = path.read_bytes()
    if len(content) != LENGTH:
        raise Permanent(
            f"{path} holds {len(content)} bytes, not {LENGTH}",
            hint="put the file back from a backup, or remove it: a new key is made, and files that pods mount from "
            "ConfigMaps and Secrets are written once more",
        )
    return FingerprintKey(value=content)


def _make(path: Path) -> None:
    # mkstemp makes it 0600; a link appears whole or not at all, and never replaces the key of somebody faster.
    descriptor, making = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(making, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        Path(making).unlink()
