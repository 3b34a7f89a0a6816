from agent.model.probing import ProbeKind, ProbeResult
from agent.ports import Event
from agent.reconciler.probing.subjects import Subject
from agent.reconciler.probing.vitals import failed_words
from agent.reconciler.reporting.recorder import Recorder


class ProbeEvents:
    """Tells of failing probes in Kubernetes' words: once when a row of failures begins, not at every check."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def told(self, host: str, subject: Subject, kind: ProbeKind, result: ProbeResult, now: float) -> None:
        """Tell how a check ended, where that is worth an event."""
        about = _about(host, subject, kind)
        name = kind.capitalize()
        if result.result == "failure":
            reason, message = "Unhealthy", failed_words(kind, result.message)
        elif not result.message:
            if result.result == "success":
                self._recorder.over(about)
            return
        elif result.result == "success":
            reason, message = "ProbeWarning", f"{name} probe warning: {result.message}"
        else:
            reason, message = "Unhealthy", f"{name} probe errored and resulted in unknown state: {result.message}"
        event = Event(
            at=now,
            type="Warning",
            reason=reason,
            message=f"{subject.container}: {message}",
            object=f"Pod {subject.pod}",
            host=host,
        )
        self._recorder.lasts(about, event, identity=result.result)

    def forget(self, host: str, subject: Subject) -> None:
        """Take note that a container is gone."""
        for kind in ("startup", "liveness", "readiness"):
            self._recorder.over(_about(host, subject, kind))


def _about(host: str, subject: Subject, kind: str) -> tuple[str, ...]:
    return (host, "probe", subject.container_id, kind)
