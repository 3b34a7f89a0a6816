from agent.model.labels import OWNER
from agent.model.memory import JobRecord
from agent.model.observation import SandboxSeen
from agent.simulator.kinds.declared import Work
from agent.simulator.kinds.manifests import ENDS
from agent.simulator.laws.moment import Broken, Moment


class JobLaws:
    """Jobs count what really failed, end for the reasons that they name, and do nothing while they are suspended."""

    def __init__(self) -> None:
        self._failed: dict[str, dict[str, int]] = {}
        """By job: the pods that failed by themselves or by a fault, and with which exit code."""

    def fails(self, sandbox: SandboxSeen, code: int) -> None:
        """Hear that a pod fails that nobody told to stop."""
        kind, _, owner = sandbox.config.annotations.get(OWNER, "").partition("/")
        if kind == "Job":
            self._failed.setdefault(f"Job {owner}", {})[sandbox.config.name] = code

    def made(self, owner: str, pod: str, moment: Moment) -> None:
        """Check that a job whose pod is made is not suspended."""
        works = [one.works.get(_name(owner)) for one in moment.history]
        if all(work is not None and not work.schedule and work.suspended for work in works):
            raise Broken(f"{pod} is made although {owner} is suspended")

    def planned(self, moment: Moment) -> None:
        """Check every job that is declared."""
        for name, work in moment.declared.works.items():
            key = f"Job default/{name}"
            record = moment.memory.jobs.get(key)
            if record is None or work.schedule:
                continue
            if work.suspended and record.active and not record.outcome:
                raise Broken(f"{key} is suspended, and wants pods for {record.active}")
            known = moment.before.jobs.get(key)
            decided = record.outcome and not (known is not None and known.hash == record.hash and known.outcome)
            limits = [one.works[name].limit for one in moment.history if name in one.works]
            if decided:
                self._decided(key, work, record, min(limits))
            if not record.outcome:
                self._goes_on(key, work, record, max(limits))

    def _goes_on(self, key: str, work: Work, record: JobRecord, limit: int) -> None:
        if record.failed > limit:
            raise Broken(f"{key} goes on with {record.failed} failed pods, {limit} are the limit")
        failed = self._of(key, record)
        if work.failing == "spares" and record.failed > len(failed):
            raise Broken(f"{key} counts {record.failed} failed pods, only {sorted(failed)} failed by themselves")

    def _decided(self, key: str, work: Work, record: JobRecord, limit: int) -> None:
        holds = {
            "CompletionsReached": record.succeeded >= work.completions,
            "SuccessPolicy": work.early and record.completed.startswith("0"),
            "BackoffLimitExceeded": record.failed > limit,
            "PodFailurePolicy": work.failing == "ends" and ENDS in self._of(key, record).values(),
        }
        if not holds.get(record.reason):
            raise Broken(f"{key} is decided without a cause: {record}")

    def _of(self, key: str, record: JobRecord) -> dict[str, int]:
        failed = self._failed.get(key, {})
        return {pod: code for pod, code in failed.items() if record.hash in pod.split("-")}


def _name(owner: str) -> str:
    return owner.rpartition("/")[2]
