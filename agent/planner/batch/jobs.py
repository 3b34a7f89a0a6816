"""The jobs that a CronJob has: each made from the template that was declared when it was due."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from agent.model.memory import CronRecord
from agent.model.objects.cronjob import CronJob, JobTemplate
from agent.model.objects.job import Job
from agent.model.objects.meta import Declared, ObjectKey, ObjectMeta
from agent.model.plan import FleetInput
from agent.model.typed import decoder
from agent.planner.live import Live
from agent.planner.memo import remembered
from agent.planner.naming import safe_hash
from agent.planner.ofkind import of_kind
from agent.planner.templatehash import plain

_MINUTE = 60
Fate = Literal["", "expired", "stopped"]
"""What becomes of a job that is not kept: its pods go, at once or as it is stopped."""


class Order(NamedTuple):
    """One job to be: its name, its template as JSON, and what becomes of it."""

    name: str
    template: str
    fate: Fate = ""


class Kept(NamedTuple):
    """One CronJob, what is known of it, and the jobs that it has so far, by name."""

    declared: Declared[CronJob]
    record: CronRecord
    jobs: Mapping[str, Declared[Job]]


def kept_jobs(given: FleetInput, by_owner: Mapping[ObjectKey, Sequence[Live]]) -> tuple[Kept, ...]:
    """Return all CronJobs with the jobs that they have made and keep. ``by_owner`` are the pods of the fleet."""
    owners = [owner for owner in by_owner if owner.kind == "Job" and owner not in given.fleet.objects]
    found = []
    for key, cron in of_kind(given.fleet, CronJob).items():
        record = given.memory.crons.get(str(key)) or _relearned(given, cron, owners)
        found.append(Kept(cron, record, derived(cron, tuple(order(record, name) for name in record.jobs))))
    return tuple(found)


def order(record: CronRecord, name: str, fate: Fate = "") -> Order:
    """Return what is remembered of a job, with what becomes of it now."""
    return Order(name, record.templates[record.made[name]], "stopped" if name in record.stopped else fate)


@remembered
def template_text(cron: Declared[CronJob]) -> str:
    """Return the template that jobs are made from today, as JSON."""
    return msgspec.json.encode(plain(cron.body.spec.job_template), order="deterministic").decode()


def template_name(text: str) -> str:
    """Return what a template is called in memory."""
    return safe_hash(text.encode(), 8)


def job_name(cron: str, due: float) -> str:
    """Return the name of the job for a time: ``<cronjob>-<minutes since the epoch>``."""
    return f"{cron}-{int(due) // _MINUTE}"


@remembered
def derived(cron: Declared[CronJob], orders: tuple[Order, ...]) -> Mapping[str, Declared[Job]]:
    """Return jobs as if each were declared where the CronJob is, by name; the same values while nothing changes."""
    return {order.name: _job(cron, order) for order in orders}


_TEMPLATE: Final = decoder(JobTemplate)


def _job(cron: Declared[CronJob], order: Order) -> Declared[Job]:
    template = _TEMPLATE.decode(order.template)
    spec = template.spec
    if order.fate == "expired":
        spec = replace(spec, ttl_seconds_after_finished=0)
    elif order.fate == "stopped":
        spec = replace(spec, suspend=True)
    meta = ObjectMeta(
        name=order.name,
        namespace=cron.key.namespace,
        labels=template.metadata.labels,
        annotations=template.metadata.annotations,
    )
    key = ObjectKey(kind="Job", namespace=cron.key.namespace, name=order.name)
    return Declared(key=key, body=Job(metadata=meta, spec=spec), origin=cron.origin)


def _relearned(given: FleetInput, cron: Declared[CronJob], owners: Iterable[ObjectKey]) -> CronRecord:
    """Return the record of a CronJob that is new, or forgotten: then jobs whose pods are there tell what it did."""
    stem, text = f"{cron.key.name}-", template_text(cron)
    jobs = {}
    for owner in owners:
        minutes = owner.name.removeprefix(stem)
        ours = owner.namespace == cron.key.namespace and owner.name.startswith(stem)
        if ours and minutes.isascii() and minutes.isdigit() and len(minutes) < 10:
            jobs[owner.name] = float(int(minutes) * _MINUTE)
    name = template_name(text)
    return CronRecord(
        since=given.now,
        last=max(jobs.values(), default=0.0),
        jobs=dict(sorted(jobs.items())),
        made=dict.fromkeys(sorted(jobs), name),
        templates={name: text} if jobs else {},
    )
