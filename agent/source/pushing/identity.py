"""Whose name stands on a commit: what git knows of the user, else who is logged in, and where."""

import getpass
import os
import re
import socket
from typing import Final

from agent.source.command import Git, GitFailed
from agent.source.text import printable

_IDENT: Final = re.compile(r"(?P<name>.*\S) <(?P<email>[^<>]*)> \d+ [-+]\d+")


def author(git: Git) -> str:
    """Return ``NAME <EMAIL>`` as git's settings and environment have it; a guess where they say nothing."""
    told = Git(folder=git.folder, settings=(*git.settings, "user.useConfigOnly=true"))
    try:
        match = _IDENT.fullmatch(told.run("var", "GIT_AUTHOR_IDENT").decode("utf-8", "replace").strip())
    except GitFailed:
        match = None
    if match is not None:
        return f"{match['name']} <{match['email']}>"
    # Behind sudo a person is meant, not root.
    user = os.environ.get("SUDO_USER") or _login()
    return printable(f"{user} <{user}@{socket.gethostname() or 'localhost'}>")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user that the system does not know by name
        return "trimtab"
