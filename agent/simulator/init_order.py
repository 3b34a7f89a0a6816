"""The law of init containers: one after another, each done once in a sandbox, and only then what they are for."""

from collections import defaultdict

from agent.model.labels import AGENT
from agent.model.observation import ContainerSeen, SandboxSeen
from agent.simulator.declared import ORDER


class InitOrder:
    """Remembers what started and what succeeded in each sandbox; the pod's own annotation says in which order."""

    def __init__(self) -> None:
        self._passed: dict[str, set[str]] = defaultdict(set)

    def starts(self, container: ContainerSeen, sandbox: SandboxSeen) -> str:
        """Take in that a container started; return what is wrong with that, if anything is."""
        written = sandbox.config.annotations.get(ORDER, "")
        if not written or AGENT not in container.config.labels:
            return ""
        name, passed, order = container.config.name, self._passed[sandbox.id], written.split(",")
        before = order[: order.index(name)] if name in order else order
        if waiting := [one for one in before if one not in passed]:
            return f"was started before {', '.join(waiting)}"
        if name.startswith("init-") and name in passed:
            return "was started again after it had done its work"
        if name.startswith("sidecar-"):
            passed.add(name)
        return ""

    def succeeds(self, container: ContainerSeen) -> None:
        """Take in that an init container did its work."""
        self._passed[container.sandbox_id].add(container.config.name)
