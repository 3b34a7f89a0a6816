"""Private keys from files, with errors that say what to do about each way they can be unusable."""

import stat
from pathlib import Path
from typing import Final

from agent.hosts.ssh.library import UnknownKeyType, paramiko
from agent.ports import Permanent

_LARGEST: Final = 64 * 1024


def load_private_key(file: str) -> paramiko.PKey:
    """Return the key in a file. Raises Permanent when there is none that can be used."""
    path = Path(file).expanduser()
    try:
        state = path.stat()
        mode = state.st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
            raise Permanent(f"SSH key {file} is open to other users ({stat.filemode(mode)})", hint=f"chmod 600 {file}")
        # A Host names it, in git: a pipe, or a file of the kernel's, would hold up or fill whoever reads it.
        if not stat.S_ISREG(mode) or not 0 < state.st_size <= _LARGEST:
            raise _no_key(file)
        return paramiko.PKey.from_path(path)
    except OSError as error:
        raise Permanent(
            f"SSH key {file} cannot be read: {error.strerror}",
            hint="name a key that trimtab may read in ssh.identityFile",
        ) from None
    except (paramiko.PasswordRequiredException, TypeError):
        raise Permanent(
            f"SSH key {file} is protected by a passphrase, which nobody is there to type",
            hint=f"use a key without one, or take the passphrase off: ssh-keygen -p -f {file}",
        ) from None
    except (paramiko.SSHException, UnknownKeyType, ValueError):
        raise _no_key(file) from None


def _no_key(file: str) -> Permanent:
    return Permanent(
        f"SSH key {file} is not a private key that can be used",
        hint="make one: ssh-keygen -t ed25519 -N '' -f FILE; the file without .pub is the private one",
    )
