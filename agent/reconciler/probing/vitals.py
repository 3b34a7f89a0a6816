from typing import Final, Literal

from agent.model.objects.pod import Probe
from agent.model.probing import Health, ProbeKind, Probes

_WORDS: Final[dict[ProbeKind, str]] = {"startup": "Startup", "liveness": "Liveness", "readiness": "Readiness"}
Told = Literal["success", "failure"]


def failed_words(kind: ProbeKind, message: str) -> str:
    """Return a failed check in Kubernetes' words."""
    return f"{_WORDS[kind]} probe failed: {message}".rstrip(": ")


class Vitals:
    """What the checks of one container add up to, by a kubelet's rules.

    Startup comes first; the others wait for it. Liveness starts out well, readiness not. A result counts once it came
    as often in a row as its threshold says. After startup or liveness failed there is nothing left to find out: the
    container is to be restarted, and its successor starts afresh.
    """

    def __init__(self, probes: Probes, started_at: float) -> None:
        self._probes = probes
        self._started_at = started_at
        self._rows: dict[ProbeKind, tuple[Told, int]] = {}
        self._verdicts: dict[ProbeKind, Told] = {}
        self.health: Health | None = None
        """None before the first check."""

    def probe(self, kind: ProbeKind) -> Probe | None:
        """Return the probe of a kind."""
        return getattr(self._probes, kind)  # type: ignore[no-any-return] # the kinds are the names of its fields

    @property
    def wanted(self) -> tuple[ProbeKind, ...]:
        """The kinds that are to be checked from now on."""
        if self._probes.startup is not None and self._verdicts.get("startup") != "success":
            return () if "startup" in self._verdicts else ("startup",)
        later: tuple[ProbeKind, ...] = ("liveness", "readiness")
        return tuple(
            kind
            for kind in later
            if self.probe(kind) is not None and (kind, self._verdicts.get(kind)) != ("liveness", "failure")
        )

    def take(self, kind: ProbeKind, told: Told, message: str, now: float) -> bool:
        """Take in how a check ended; tell whether the container's health is another one now, but for the words."""
        probe = self.probe(kind)
        if probe is None or kind not in self.wanted:
            return False
        before, count = self._rows.get(kind, (told, 0))
        count = count + 1 if before == told else 1
        self._rows[kind] = told, count
        if count >= (probe.success_threshold if told == "success" else probe.failure_threshold):
            self._verdicts[kind] = told
        return self._conclude(kind, failed_words(kind, message) if told == "failure" else "", now)

    def _conclude(self, kind: ProbeKind, words: str, now: float) -> bool:
        known = self.health
        startup = self._probes.startup is None or self._verdicts.get("startup") == "success"
        ready = startup and (self._probes.readiness is None or self._verdicts.get("readiness") == "success")
        failed = self._failed()
        state = (startup, ready, failed)
        same = known is not None and state == (known.started, known.ready, known.failed)
        if ready and not failed:
            message = ""
        else:
            # Words are kept until there are newer ones: a check that passes says nothing of the one that did not.
            message = words if words and (not failed or kind == failed) else known.message if known else ""
        probe = self.probe(failed) if failed else None
        since = known.since if same and known else now
        if known is None and self._probes.startup is None and self._probes.readiness is None and not failed:
            since = self._started_at  # it was well all the time
        self.health = Health(
            started=startup,
            ready=ready,
            failed=failed,
            message=message,
            grace=probe.termination_grace_period_seconds if probe else None,
            since=since,
        )
        return not same

    def _failed(self) -> Literal["", "startup", "liveness"]:
        if self._verdicts.get("startup") == "failure":
            return "startup"
        return "liveness" if self._verdicts.get("liveness") == "failure" else ""
