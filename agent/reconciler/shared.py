from dataclasses import dataclass

from agent.reconciler.inbox import Inbox
from agent.reconciler.reporting.board import Board
from agent.reconciler.reporting.counters import Counters
from agent.reconciler.reporting.recorder import Recorder
from agent.reconciler.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all loops of one agent hold in common; each part guards itself against threads."""

    settings: Settings
    inbox: Inbox
    board: Board
    recorder: Recorder
    counters: Counters
