"""What the steps of an action work with."""

import threading
from dataclasses import dataclass, field

from agent.hosts.cri.client import Runtime
from agent.hosts.execute.pulls import Pulls
from agent.hosts.link import Link
from agent.ports import Permanent


@dataclass
class Context:
    """One action's view of its host. ``sandbox_id`` is set by the action's own RunSandbox.

    ``resized`` takes the containers whose limits changed. ``warnings`` collects what went wrong without failing a
    step, in Kubernetes' words: ``FailedPreStopHook: …``.
    """

    host: str
    agent: str
    link: Link
    runtime: Runtime
    pulls: Pulls
    closed: threading.Event
    resized: set[str] = field(default_factory=set)
    sandbox_id: str | None = None
    warnings: list[str] = field(default_factory=list)
    _ips: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def sandbox(self, named: str | None) -> str:
        """Return the sandbox that a step means: the one it names, or the action's own."""
        sandbox_id = named or self.sandbox_id
        if sandbox_id is None:
            raise Permanent("the plan names no sandbox, and made none before")
        return sandbox_id

    def ips(self, sandbox_id: str) -> tuple[str, ...]:
        """Return the addresses of a sandbox; asked once an action."""
        if sandbox_id not in self._ips:
            self._ips[sandbox_id] = self.runtime.sandbox_ips(sandbox_id)
        return self._ips[sandbox_id]
