"""What the running agent leaves for `trimtab status`, and what it says when it cannot."""

from pathlib import Path
from typing import Final

import structlog

from agent.cli.running.published import publish
from agent.ports import PortError
from agent.reconciler.reporting.snapshot import Snapshot

_log: Final = structlog.get_logger()


class Publisher:
    """Leaves snapshots in the state directory; a folder that takes none is said once, not at every change."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._problem = ""

    def publish(self, snapshot: Snapshot) -> None:
        """Leave the newest snapshot, or log why not, unless that was the last thing said about it."""
        problem = ""
        try:
            publish(self._state_dir, snapshot)
        except PortError as error:
            problem = str(error)
        if problem and problem != self._problem:
            _log.error("cannot leave the status for `trimtab status`", problem=problem)
        self._problem = problem
