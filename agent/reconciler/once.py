import threading
from collections.abc import Callable

from agent.model.value import Value
from agent.ports import Clock, Journal, MetricsServer, Source
from agent.reconciler.agent import Agent
from agent.reconciler.reporting.reasons import Unconverged, reasons
from agent.reconciler.reporting.snapshot import Snapshot
from agent.reconciler.settings import HostFactory, Settings


class Converged(Value, frozen=True, kw_only=True):
    """How ``converge_once`` ended. ``reasons`` is empty exactly when ``converged``."""

    converged: bool
    snapshot: Snapshot
    reasons: tuple[Unconverged, ...] = ()
    seconds: float = 0.0


def converge_once(
    source: Source,
    make_host: HostFactory,
    *,
    clock: Clock,
    journal: Journal,
    settings: Settings,
    metrics: MetricsServer | None = None,
    wait: bool = True,
    timeout: float = 300.0,
    progress: Callable[[Snapshot], None] = lambda _snapshot: None,
) -> Converged:
    """Drive a fleet to what its source (at ``settings.ref``) declares, then stop.

    With ``wait`` it returns when everything is ready, or with the reasons after ``timeout`` seconds. Without, it
    returns as soon as no host has anything left to do right now. A refused or held revision, and a source that cannot
    be read, end it at once. ``progress`` is called as ``Agent`` calls ``publish``. May raise PortError (the journal).
    """

    def publish(snapshot: Snapshot) -> None:
        progress(snapshot)
        if _over(snapshot, wait=wait):
            agent.stop()

    begun = clock.now()
    agent = Agent(
        source,
        make_host,
        clock=clock,
        journal=journal,
        settings=settings,
        publish=publish,
        metrics=metrics,
        restore=False,
    )
    alarm = threading.Timer(timeout, agent.stop)
    alarm.daemon = True
    alarm.start()
    try:
        agent.run()
    finally:
        alarm.cancel()
    last = agent.snapshot()
    return Converged(
        converged=last.converged, snapshot=last, reasons=reasons(last), seconds=max(clock.now() - begun, 0.0)
    )


def _over(snapshot: Snapshot, *, wait: bool) -> bool:
    """Tell whether nothing more is to be waited for."""
    source, fleet = snapshot.source, snapshot.fleet
    if snapshot.converged or source.error:
        return True
    if source.head is None or not fleet.current:
        return False
    if source.head.id == fleet.refused:
        return True
    if fleet.undecided:
        return False
    if source.head.id == fleet.held:
        return True
    idle = all(host.settled or not host.seen for host in snapshot.hosts)
    return not wait and idle and fleet.in_force is not None and fleet.in_force.id == source.head.id
