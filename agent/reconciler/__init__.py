"""The loops: source, fleet, and one per host. They know the outside world by its ports only.

agent = Agent(source, make_host, clock=…, journal=…, settings=…, publish=…)
agent.run()                      # the daemon; agent.stop(), agent.wake() from elsewhere
converge_once(source, …)         # the same loops, until converged or out of time
"""

from agent.reconciler.agent import Agent
from agent.reconciler.once import Converged, converge_once
from agent.reconciler.reasons import Unconverged
from agent.reconciler.settings import HostFactory, Settings
from agent.reconciler.snapshot import FleetState, HostState, InFlight, Metrics, Snapshot, SourceState

__all__ = [
    "Agent",
    "Converged",
    "FleetState",
    "HostFactory",
    "HostState",
    "InFlight",
    "Metrics",
    "Settings",
    "Snapshot",
    "SourceState",
    "Unconverged",
    "converge_once",
]
