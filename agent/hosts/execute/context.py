"""What the steps of an action work with."""

from dataclasses import dataclass

from agent.hosts.cri.client import Runtime
from agent.hosts.execute.pulls import Pulls
from agent.hosts.link import Link


@dataclass
class Context:
    """One action's view of its host. ``sandbox_id`` is set by the action's own RunSandbox."""

    host: str
    agent: str
    link: Link
    runtime: Runtime
    pulls: Pulls
    sandbox_id: str | None = None
