"""Volumes that trimtab makes on hosts for claims: a folder each, and a mark that says whose data is in it."""

import re
from typing import Final

from agent.model.value import Value

_PLAIN: Final = re.compile(r"(/[A-Za-z0-9._-]+)+")


class VolumeMark(Value, frozen=True, kw_only=True, order=True):
    """Whose a volume is. Kept as JSON beside the volumes of a host, so that it survives the agent's own memory.

    ``path`` is the folder with the data, ``uid`` what names it among all volumes that the claim ever had.
    """

    path: str
    agent: str
    namespace: str
    claim: str
    uid: str
    storage_class: str = ""
    ephemeral: bool = False
    """It comes and goes with a pod."""
    created: float = 0.0
    lasting: bool = False
    """It is of a StatefulSet: nobody who lost his memory takes it for one that was given up."""


class VolumeSeen(Value, frozen=True, kw_only=True, order=True):
    """A mark that was found on a host; ``present`` tells whether the folder is there, too."""

    mark: VolumeMark
    present: bool = True


def is_plain(path: str) -> bool:
    """Tell whether a path is absolute and made of letters, digits and ``._-`` alone: nothing has to quote it."""
    return len(path) <= 1024 and _PLAIN.fullmatch(path) is not None and {".", ".."}.isdisjoint(path.split("/"))


def volume_name(namespace: str, claim: str, uid: str) -> str:
    """Return how the folder of a claim's volume is called."""
    return f"{namespace}_{claim}_{uid}"


def is_volume_path(mark: VolumeMark) -> bool:
    """Tell whether a mark's path is where trimtab makes the volume of that claim: ``ROOT/NAMESPACE_CLAIM_UID``."""
    root, _, name = mark.path.rpartition("/")
    return is_plain(mark.path) and bool(root) and name == volume_name(mark.namespace, mark.claim, mark.uid)
