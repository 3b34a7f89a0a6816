import threading
from typing import Final, Protocol

from agent.hosts.cri.client import Runtime
from agent.hosts.link import Link
from agent.model.value import Value

MOST_OUTPUT: Final = 10 * 1024
"""Of what a service or a command says, this much is read, as a kubelet does."""


class Reach(Protocol):
    """What handlers need to get at a container: a session and an executor's context have it."""

    @property
    def link(self) -> Link:
        """The way to the host."""

    @property
    def runtime(self) -> Runtime:
        """The runtime on it."""

    @property
    def closed(self) -> threading.Event:
        """Set once both are let go of: what waits for nothing but time ends then, too."""


class Handled(Value, frozen=True, kw_only=True):
    """How a handler ended.

    ``message`` says why it failed; with ``ok`` it is a warning. ``unknown``: nothing was learned of the container,
    because the way to it failed, or the runtime did.
    """

    ok: bool
    message: str = ""
    unknown: bool = False


def unknown(message: str = "") -> Handled:
    """Return that nothing was learned; without a message where the host itself does not answer."""
    return Handled(ok=False, message=message, unknown=True)
