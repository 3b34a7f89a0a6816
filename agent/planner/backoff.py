"""How long to wait before trying again, as a kubelet does: 10 s, doubling to 5 min.

For containers everything is read from the runtime itself (exit time, how long it ran, the streak annotation), so an
agent that restarts forgets nothing.
"""

from typing import Final

from agent.model.labels import RESTART_STREAK
from agent.model.observation import ContainerSeen
from agent.model.plan import Failure

_FIRST: Final = 10.0
_LONGEST: Final = 300.0
_CALM: Final = 600.0
"""A container that ran this long has left its row of crashes (Kubernetes: ten minutes)."""


def delay(failures: int) -> float:
    """Return the pause after this many failures in a row: 0 for none, then 10 s doubling to 5 min."""
    if failures <= 0:
        return 0.0
    return min(_FIRST * 2.0 ** min(failures - 1, 10), _LONGEST)


def streak(container: ContainerSeen, host_now: float = 0.0) -> int:
    """Return how many restarts lie behind a container without ten quiet minutes since.

    ``host_now``, by the host's clock, counts as the end of one that runs.
    """
    ended = container.finished_at or host_now
    if container.started_at and ended - container.started_at >= _CALM:
        return 0
    written = container.config.annotations.get(RESTART_STREAK, "0")
    return min(int(written), 1000) if written.isascii() and written.isdigit() and len(written) < 10 else 0


def restart_at(container: ContainerSeen, now: float, clock_skew: float = 0.0) -> float:
    """Return when an exited container may be started again, on the agent's clock; 0 for at once.

    ``clock_skew`` is the host's clock minus ours: exit times are the host's. Where there is nothing to wait for, the
    clocks do not matter.
    """
    return pause_end(container.finished_at - clock_skew, delay(streak(container)), now)


def pause_end(began: float, pause: float, now: float) -> float:
    """Return when a pause is over that began by a host's clock; 0 for at once.

    One that began further ahead than it is long did so before that clock was set back: it is over. Shorter differences
    are those of clocks that are read one after another.
    """
    return began + pause if 0 < pause >= began - now else 0.0


def retry_at(failure: Failure, now: float) -> float:
    """Return when something that failed from outside (a pull, a runtime call) is tried again.

    What failed later than now did so before the clock was set back. That pause would last for ever: it is over.
    """
    return failure.last_at + delay(failure.count) if failure.last_at <= now else now
