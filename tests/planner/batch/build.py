"""Jobs, and a world in which containers end as a test says."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from typing import Any, Literal

from msgspec.structs import replace

from agent.model.kindstatus import CronJobStatus, JobStatus
from agent.model.memory import CronRecord, JobRecord
from agent.model.objects.cronjob import CronJob, CronJobSpec, JobTemplate
from agent.model.objects.job import Job, JobSpec
from agent.model.objects.meta import ObjectMeta
from agent.model.objects.pod import Container, PodSpec, PodTemplate, PodTemplateMeta
from agent.planner.pods import observed_pods
from tests.planner.fleet.build import World, container


def job_spec(
    *containers: Container,
    policy: Literal["Never", "OnFailure"] = "Never",
    pod: dict[str, Any] | None = None,
    **spec: Any,
) -> JobSpec:
    """Declare what a job does; `pod` are more fields of its pods' spec."""
    body = PodSpec(containers=containers or (container(),), restart_policy=policy, **(pod or {}))
    return JobSpec(template=PodTemplate(metadata=PodTemplateMeta(labels={"app": "work"}), spec=body), **spec)


def job(*containers: Container, name: str = "work", **spec: Any) -> Job:
    return Job(metadata=ObjectMeta(name=name, namespace="default"), spec=job_spec(*containers, **spec))


def indexed(completions: int, *containers: Container, **spec: Any) -> Job:
    return job(*containers, completions=completions, completion_mode="Indexed", **spec)


class Works(World):
    """A world whose pods come to an end."""

    def end(self, name: str, code: int = 0) -> None:
        """Let all containers of a pod, whose name ends so, exit."""
        place, whole = self.find(name)
        seen = self.seen(place)
        inside = {one.id for one in seen.sandboxes if one.config.name == whole}
        self.observations[place] = replace(
            seen,
            containers=tuple(
                replace(one, state="exited", exit_code=code, finished_at=self.now)
                if one.sandbox_id in inside and one.state == "running"
                else one
                for one in seen.containers
            ),
        )

    def find(self, name: str) -> tuple[str, str]:
        found = [(place, one) for place, pods in self.pods().items() for one in pods if self.short(one) == name]
        assert len(found) == 1, (name, self.pods())
        return found[0]

    def short(self, name: str) -> str:
        """Return a pod's name without the template's hash."""
        stem, _, number = name.rpartition("-")
        return f"{stem.rpartition('-')[0]}-{number}"

    def running(self) -> list[str]:
        """Return the pods that have running containers on hosts that are seen."""
        found = []
        for name, observation in sorted(self.observations.items()):
            if name in self.cut:
                continue
            for key, pod in observed_pods(observation, "prod").items():  # type: ignore[arg-type]  # Seen: not cut off
                if any(one.state == "running" for one in pod.current.values()):
                    found.append(self.short(key.name))
        return sorted(found)

    @property
    def cut(self) -> list[str]:
        return [name for name, one in self.observations.items() if not hasattr(one, "containers")]

    def record(self, name: str = "work") -> JobRecord:
        return self.memory.jobs[f"Job default/{name}"]

    def told(self, name: str = "work") -> JobStatus:
        status = self.status(name, "Job").status
        assert isinstance(status, JobStatus)
        return status

    def outcome(self, name: str = "work") -> tuple[str, str]:
        """Return what the job's last condition says."""
        conditions = self.told(name).conditions
        return (conditions[-1].type, conditions[-1].reason) if conditions else ("", "")

    def cron(self, name: str = "tick") -> CronRecord:
        return self.memory.crons[f"CronJob default/{name}"]

    def ticks(self, name: str = "tick") -> CronJobStatus:
        status = self.status(name, "CronJob").status
        assert isinstance(status, CronJobStatus)
        return status

    def jobs(self) -> list[str]:
        """Return the jobs that there are."""
        return [one.key.name for one in self.plan().statuses if one.key.kind == "Job"]

    def end_all(self, code: int = 0) -> None:
        for name in self.running():
            self.end(name, code)
        self.settle()

    def at(self, now: float) -> None:
        """Let time pass until then, and do what there is to do."""
        self.now = now
        self.settle()

    def still(self) -> None:
        """Assert that nothing is left to do, and that planning again changes nothing."""
        memory = self.memory
        assert self.act() == []
        assert self.memory is memory


def cron_job(schedule: str = "*/5 * * * *", *containers: Container, name: str = "tick", **fields: Any) -> CronJob:
    """Declare a CronJob; `work` are fields of its jobs' spec."""
    work = fields.pop("work", {"completions": 1})
    template = JobTemplate(spec=job_spec(*containers, **work))
    spec = CronJobSpec(schedule=schedule, job_template=template, **fields)
    return CronJob(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)
