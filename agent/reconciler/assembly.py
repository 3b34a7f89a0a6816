import threading
from collections.abc import Callable
from dataclasses import dataclass

from agent.ports import Clock, Journal, MetricsServer, Source
from agent.reconciler.fleet.asking import Asking
from agent.reconciler.fleet.loop import FleetLoop
from agent.reconciler.fleet.roster import Driver, Roster
from agent.reconciler.host.flights import Submit
from agent.reconciler.host.loop import HostLoop
from agent.reconciler.inbox import Inbox
from agent.reconciler.probing.events import ProbeEvents
from agent.reconciler.probing.prober import Prober
from agent.reconciler.reporting.board import Board
from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.recorder import Recorder
from agent.reconciler.settings import HostFactory, Settings
from agent.reconciler.shared import Shared
from agent.reconciler.source_loop import SourceLoop


@dataclass(frozen=True, kw_only=True)
class Loops:
    """The loops of one agent, wired together, not yet stepped by anybody."""

    source: SourceLoop
    fleet: FleetLoop
    asking: Asking
    prober: Prober
    shared: Shared


def assemble(
    source: Source,
    make_host: HostFactory,
    *,
    journal: Journal,
    settings: Settings,
    driver: Driver,
    submit: Submit,
    submit_check: Submit,
    clock: Clock,
    changed: Callable[[], None],
    metrics: MetricsServer | None = None,
    restore: bool = True,
) -> Loops:
    """Wire the loops of an agent; ``restore`` puts back what was in force before. Raises PortError by the journal.

    ``submit`` runs what changes hosts, ``submit_check`` what only asks: nobody has to wait for the end of that.
    """
    state = journal.load()
    inbox, counters = Inbox(), Counters()
    board = Board(settings.agent, counters, current=lambda: inbox.current, changed=changed)
    shared = Shared(settings=settings, inbox=inbox, board=board, recorder=Recorder(journal), counters=counters)
    gate = threading.Semaphore(max(settings.connections, 1))

    prober = Prober(settings.agent, clock, counters, ProbeEvents(shared.recorder), submit_check)

    def make_loop(name: str) -> HostLoop:
        return HostLoop(
            name, shared, make_host=make_host, gate=gate, submit=submit, submit_check=submit_check, prober=prober
        )

    asking = Asking(metrics, shared)
    fleet = FleetLoop(state, journal, Roster(make_loop, driver), asking, shared)
    source_loop = SourceLoop(source, state.in_force if restore else "", shared)
    return Loops(source=source_loop, fleet=fleet, asking=asking, prober=prober, shared=shared)
