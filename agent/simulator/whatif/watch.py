from agent.model.objects.meta import ObjectKey
from agent.simulator.whatif.answer import Standing


class Watch:
    """Follows how many pods are ready against how many were promised to be.

    A promise counts from when it is kept for the first time. One that is about what is done on purpose (``lenient``,
    that of a rollout) is not broken by pods that a host took with it, as long as they are replaced in the end, nor by
    as few as a budget allows to be away.
    """

    def __init__(self, key: ObjectKey, *, lenient: bool) -> None:
        self.key = key
        self._lenient = lenient
        self._met = False
        self._struck = 0
        self._wanted = self._promised = self._ready = self._excused = 0
        self._by_hosts = False
        self._lowest: tuple[int, float] | None = None
        self._short_since: float | None = None
        self._short = 0.0
        self._broken = ""

    @property
    def short_since(self) -> float | None:
        """Since when fewer are ready than promised; None while enough are."""
        return self._short_since

    @property
    def level(self) -> tuple[int, int, int]:
        """How many are ready, promised, and wanted."""
        return self._ready, self._promised, self._wanted

    def strike(self, pods: int) -> None:
        """Hear that so many ready pods went down with their host."""
        self._struck += pods

    def take(self, now: float, *, wanted: int, promised: int, ready: int, excused: int = 0) -> None:
        """Hear how things are now. ``excused`` are as many pods fewer as a budget allows."""
        self._wanted, self._promised, self._ready, self._excused = wanted, promised, ready, excused
        if ready >= wanted:
            self._struck = 0
        self._met = self._met or ready >= promised
        if not self._met:
            return
        if self._lowest is None or ready < self._lowest[0]:
            self._lowest = ready, now
        if ready >= promised:
            self._end(now)
            return
        if self._short_since is None:
            self._short_since = now
        self._by_hosts = self._by_hosts or self._struck > 0
        if ready + excused + (self._struck if self._lenient else 0) < promised:
            self._broken = self._broken or "fewer were ready"

    def standing(self, end: float) -> Standing:
        """Return what there is to say in the end."""
        still_short = self._ready + self._excused < self._promised
        self._end(end)
        broken = self._broken
        if not self._met:
            broken = "never were so many ready"
        elif still_short:
            broken = "fewer are ready in the end"
        lowest, at = self._lowest or (self._ready, 0.0)
        return Standing(
            object=self.key,
            wanted=self._wanted,
            promised=self._promised,
            ready=self._ready,
            lowest=lowest,
            at=at,
            short=self._short,
            struck=self._by_hosts and self._short > 0 and not broken,
            broken=broken,
        )

    def _end(self, now: float) -> None:
        if self._short_since is not None:
            self._short += now - self._short_since
            self._short_since = None
