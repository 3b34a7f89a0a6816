"""Volumes that trimtab makes on hosts for claims: a folder each, and a mark that says whose data is in it."""

from agent.model.value import Value


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


class VolumeSeen(Value, frozen=True, kw_only=True, order=True):
    """A mark that was found on a host; ``present`` tells whether the folder is there, too."""

    mark: VolumeMark
    present: bool = True
