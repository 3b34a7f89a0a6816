from agent.manifests import Cache, load
from agent.model.origin import Revision
from agent.ports import Event, Permanent, PortError, Source
from agent.reconciler.backoff import source_delay
from agent.reconciler.inbox import Offer
from agent.reconciler.reporting.snapshot import SourceState
from agent.reconciler.shared import Shared


class SourceLoop:
    """Brings revisions from the source to the fleet loop.

    It stands beside the fleet loop, so that a remote that hangs stops neither rollouts nor healing. A failing fetch
    or lookup changes nothing that is in force: it is shown, and tried again. After a restart the revision that was
    in force (``restore``) is read again by its id first; the newest one follows and takes over if it is good.
    """

    def __init__(self, source: Source, restore: str, shared: Shared) -> None:
        self._source = source
        self._shared = shared
        self._cache = Cache()
        self._restore = restore
        self._shown = SourceState()
        self._offered = ""
        self._failures = 0

    def step(self, now: float) -> float | None:
        """Look at the source once; return when to look again."""
        if self._restore:
            self._put_back(now)
        try:
            self._sync(now)
        except PortError as error:
            return self._failed(error, now)
        self._failures = 0
        return now + self._shared.settings.interval

    def _put_back(self, now: float) -> None:
        """Offer the revision that was in force before the agent started."""
        revision, self._restore = self._restore, ""
        try:
            self._offer(self._source.resolve(revision), restored=True)
        except Permanent as error:
            message = (
                f"revision {revision[:12]} was in force and is gone from the source: hosts stay as they are ({error})"
            )
            self._say("RevisionLost", message, revision, now)
        except PortError as error:
            self._restore = revision
            self._say("SourceFailed", str(error), revision, now)

    def _sync(self, now: float) -> None:
        failed: PortError | None = None
        try:
            with self._shared.counters.timed("fetch"):
                self._source.fetch()
        except PortError as error:
            failed = error  # what was fetched before is still there to be read
        head = self._source.resolve(self._shared.settings.ref)
        if head.id != self._offered:
            self._offer(head)
            self._offered = head.id
        if failed is not None:
            self._show(SourceState(head=head, synced_at=self._shown.synced_at))
            raise failed
        self._shared.recorder.over(("source",))
        self._show(SourceState(head=head, synced_at=now))

    def _offer(self, revision: Revision, *, restored: bool = False) -> None:
        with self._shared.counters.timed("load"):
            blobs = self._source.tree(revision)
            loaded = load(revision, blobs, lambda wanted: self._source.read(revision, wanted), self._cache)
        offer = Offer(revision=revision, fleet=loaded.fleet, problems=tuple(loaded.problems), restored=restored)
        self._shared.inbox.offer(offer)

    def _failed(self, error: PortError, now: float) -> float:
        self._failures += 1
        known = self._shown
        since = known.failing_since or now
        self._show(
            SourceState(
                head=known.head, synced_at=known.synced_at, error=str(error), hint=error.hint, failing_since=since
            )
        )
        self._say("SourceFailed", str(error), "", now)
        return now + source_delay(self._failures)

    def _say(self, reason: str, message: str, revision: str, now: float) -> None:
        event = Event(at=now, type="Warning", reason=reason, message=message, revision=revision)
        self._shared.recorder.lasts(("source",), event)

    def _show(self, state: SourceState) -> None:
        self._shown = state
        self._shared.board.source(state)
