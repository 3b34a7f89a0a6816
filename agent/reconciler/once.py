from collections.abc import Callable

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.value import Value
from agent.ports import Clock, Journal, Source
from agent.reconciler.settings import HostFactory, Settings
from agent.reconciler.snapshot import Snapshot


class Unconverged(Value, frozen=True, kw_only=True, order=True):
    """One thing that is not as declared, and why."""

    message: str
    host: str = ""
    pod: PodKey | None = None
    object: ObjectKey | None = None


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
    wait: bool = True,
    timeout: float = 300.0,
    progress: Callable[[Snapshot], None] = lambda _snapshot: None,
) -> Converged:
    """Drive a fleet to what its source (at ``settings.ref``) declares, then stop.

    With ``wait`` it returns when everything is ready, or with the reasons after ``timeout`` seconds. Without, it
    returns as soon as no host has anything left to do right now. A refused or held revision, and a source that cannot
    be read, end it at once.
    """
    raise NotImplementedError
