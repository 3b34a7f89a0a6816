"""CronJobs, by the rules of Kubernetes' controller: which jobs start now, and which are not kept any longer."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agent.model.kindstatus import CronJobStatus
from agent.model.memory import CronRecord
from agent.model.objects.job import Job
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.plan import FleetInput
from agent.model.status import ObjectStatus
from agent.planner.batch.jobs import Fate, Kept, derived, job_name, order, template_name, template_text
from agent.planner.batch.timing import MANY, Due, due
from agent.planner.workload import Claim


class Tended(NamedTuple):
    """What CronJobs do now: jobs that are new, or on their way out; those of which nothing is left; the next time."""

    jobs: Mapping[ObjectKey, Declared[Job]]
    gone: frozenset[ObjectKey]
    records: Mapping[str, CronRecord]
    statuses: tuple[ObjectStatus, ...]
    due_at: float | None


class _State:
    """One CronJob and how its jobs are."""

    def __init__(self, kept: Kept, claims: Mapping[ObjectKey, Claim]) -> None:
        self.cron, self.record, self.spec = kept.declared, kept.record, kept.declared.body.spec
        self.jobs = kept.jobs
        self.claims = {name: claims[job.key] for name, job in kept.jobs.items() if job.key in claims}
        self.names = sorted(self.claims, key=lambda name: (self.record.jobs[name], name))
        self.fates: dict[str, Fate] = dict.fromkeys(self.record.stopped, "stopped")

    def finished(self, name: str, outcome: str = "") -> bool:
        """Tell whether a job is over, as some outcome."""
        record = self.claims[name].job
        return record is not None and record.finished_at > 0 and outcome in {"", record.outcome}

    @property
    def active(self) -> list[str]:
        """The jobs that are not over, oldest first."""
        return [name for name in self.names if not self.finished(name) and name not in self.fates]

    @property
    def succeeded_at(self) -> float:
        """When a job succeeded last."""
        done = [one.job.finished_at for name, one in self.claims.items() if one.job and self.finished(name, "Complete")]
        return max((self.record.succeeded_at, *done))


def tend(given: FleetInput, crons: Iterable[Kept], claims: Iterable[Claim]) -> Tended:
    """Return what CronJobs do now, given what their jobs say."""
    crons = tuple(crons)
    jobs: dict[ObjectKey, Declared[Job]] = {}
    gone: set[ObjectKey] = set()
    records, statuses, times = {}, [], []
    by_key = {claim.template.declared.key: claim for claim in claims} if crons else {}
    for kept in crons:
        state = _State(kept, by_key)
        _let_go(state, given.now)
        record, told, next_time = _start(state, given)
        orders = tuple(
            order(record, name, state.fates.get(name, ""))
            for name in record.jobs
            if (name in state.fates and name not in kept.record.stopped) or name not in state.claims
        )
        jobs.update((job.key, job) for job in derived(kept.declared, orders).values())
        gone.update(job.key for name, job in kept.jobs.items() if name not in record.jobs)
        records[str(kept.declared.key)] = record
        statuses.append(told)
        times += [next_time] if next_time is not None else []
    return Tended(jobs, frozenset(gone), records, tuple(statuses), min(times, default=None))


def _let_go(state: _State, now: float) -> None:
    """Decide which jobs are not kept: finished ones beyond the history limits, or whose time is over."""
    spec = state.spec
    limits = {"Complete": spec.successful_jobs_history_limit, "Failed": spec.failed_jobs_history_limit}
    for outcome, limit in limits.items():
        over = [name for name in state.names if state.finished(name, outcome)]
        state.fates.update(dict.fromkeys(over[: max(0, len(over) - limit)], "expired"))
    for name, claim in state.claims.items():
        ttl, record = state.jobs[name].body.spec.ttl_seconds_after_finished, claim.job
        if record is not None and record.finished_at and ttl is not None and record.finished_at + ttl <= now:
            state.fates[name] = "expired"
        if claim.holds and claim.wake_at is None:
            # Its pods are of a template that nobody remembers: it would do its work a second time.
            state.fates[name] = "stopped"
    if spec.concurrency_policy == "Replace":
        state.fates.update(dict.fromkeys(state.active[:-1], "stopped"))


def _start(state: _State, given: FleetInput) -> tuple[CronRecord, ObjectStatus, float | None]:
    """Start the job that is due, if it may start; return the record, the status, and the next time."""
    spec, record = state.spec, state.record
    try:
        found = due(spec, record, given.now)
    except ValueError as error:
        return _kept(state, None), _status(state, record, None, "Failed", str(error)), None
    why = ""
    starts = found.at is not None and not spec.suspend
    if starts and spec.concurrency_policy == "Forbid" and state.active:
        starts, why = False, f"waits for {state.active[0]} to end, since concurrencyPolicy is Forbid"
    if starts and spec.concurrency_policy == "Replace":
        state.fates.update(dict.fromkeys(state.active, "stopped"))
    record = _kept(state, found if starts else None, given.fleet.objects)
    next_time = None if spec.suspend else found.next
    if not why and record.missed > MANY:
        why = f"more than {MANY} times were missed before the last job: only the latest was made up for"
    return record, _status(state, record, next_time, "Ready", why), next_time


def _kept(state: _State, found: Due | None, objects: Iterable[ObjectKey] = ()) -> CronRecord:
    """Return the record with the job that starts, and without those of which nothing is left."""
    before, cron = state.record, state.cron
    jobs = {name: at for name, at in before.jobs.items() if not (name in state.fates and _nothing_left(state, name))}
    made = {name: before.made[name] for name in jobs}
    last, missed, templates = before.last, before.missed, dict(before.templates)
    if found is not None and found.at is not None:
        last, missed, name = found.at, found.missed, job_name(cron.key.name, found.at)
        text = template_text(cron)
        if ObjectKey(kind="Job", namespace=cron.key.namespace, name=name) not in objects:
            jobs[name], made[name] = found.at, template_name(text)
            templates[made[name]] = text
    used = {*made.values()}
    after = CronRecord(
        since=before.since,
        last=last,
        missed=missed,
        succeeded_at=state.succeeded_at,
        jobs=dict(sorted(jobs.items())),
        made=dict(sorted(made.items())),
        stopped=tuple(name for name in sorted(jobs) if state.fates.get(name) == "stopped"),
        templates={name: text for name, text in sorted(templates.items()) if name in used},
    )
    return before if after == before else after


def _nothing_left(state: _State, name: str) -> bool:
    claim = state.claims[name]
    return not (claim.current or claim.kept or claim.leaving or claim.lost)


def _status(state: _State, record: CronRecord, next_time: float | None, phase: str, message: str) -> ObjectStatus:
    new = [name for name in record.jobs if name not in state.claims]
    told = CronJobStatus(
        active=(*state.active, *new),
        last_schedule_time=record.last,
        last_successful_time=record.succeeded_at,
        next_schedule_time=next_time or 0.0,
    )
    failed = phase == "Failed"
    reason = "InvalidSchedule" if failed else "Suspended" if state.spec.suspend else ""
    return ObjectStatus(
        key=state.cron.key, phase="Failed" if failed else "Ready", reason=reason, message=message, status=told
    )
