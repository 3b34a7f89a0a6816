"""The loops without threads: a test steps each of them when it likes."""

from msgspec.structs import replace

from agent.reconciler.assembly import Loops, assemble
from agent.reconciler.host.loop import HostLoop
from tests.reconciler.calm import Calm


class Stepped:
    """The loops of one agent. ``hosts`` are those that would have a thread."""

    def __init__(self, fleet: Calm) -> None:
        self.hosts: dict[str, HostLoop] = {}
        self.loops: Loops = assemble(
            fleet.source,
            fleet.make_host,
            journal=fleet.journal,
            settings=replace(fleet.settings, first_look=0.0),
            driver=self,
            submit=lambda work: work(),
            submit_check=lambda work: work(),
            clock=fleet.clock,
            changed=lambda: None,
        )

    def adopt(self, loop: HostLoop) -> None:
        self.hosts[loop.name] = loop

    def release(self, loop: HostLoop) -> None:
        del self.hosts[loop.name]

    def plan(self, now: float) -> str:
        """Read the source and plan the fleet; return the revision that is in force."""
        self.loops.source.step(now)
        self.loops.fleet.step(now)
        in_force = self.loops.shared.board.snapshot(now).fleet.in_force
        return in_force.id if in_force else ""
