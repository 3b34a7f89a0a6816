"""One round of checks, for whoever only looks: what a running agent would know of readiness by now, nearly."""

from msgspec.structs import replace

from agent.model.objects.pod import Probe
from agent.model.probing import Health, ProbeKind, Probes
from agent.ports import Host
from agent.reconciler.probing.subjects import Subject
from agent.reconciler.probing.vitals import Vitals

_KINDS: tuple[ProbeKind, ...] = ("startup", "readiness")


def glance(host: Host, subject: Subject, now: float) -> Health | None:
    """Return what one check of each kind that matters for readiness says; None when nothing could be learned.

    A container that runs for longer than its startup probe may take has started, whatever that probe says today: it
    would have been restarted otherwise. Nothing fails for good at first sight.
    """
    vitals = Vitals(_once(subject.probes), subject.started_at)
    startup = subject.probes.startup
    if startup is not None and now > subject.started_at + _longest(startup):
        vitals.take("startup", "success", "", now)
    for kind in _KINDS:
        target = subject.target(kind) if kind in vitals.wanted else None
        result = host.probe(target) if target is not None else None
        if result is not None and result.result != "unknown":
            vitals.take(kind, result.result, result.message, now)
    return vitals.health and replace(vitals.health, failed="", grace=None, since=subject.started_at)


def _once(probes: Probes) -> Probes:
    def quick(probe: Probe | None) -> Probe | None:
        return probe and replace(probe, success_threshold=1, failure_threshold=1)

    return Probes(startup=quick(probes.startup), readiness=quick(probes.readiness))


def _longest(startup: Probe) -> float:
    return startup.initial_delay_seconds + startup.period_seconds * startup.failure_threshold
