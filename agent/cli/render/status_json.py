"""``trimtab status -o json``: for programs."""

import json
from typing import Any

import msgspec

from agent.cli.render.status_report import StatusReport
from agent.cli.render.waiting_json import waiting_json
from agent.cli.render.words import ready_pods
from agent.model.origin import Revision
from agent.model.status import ObjectStatus
from agent.reconciler.reporting.snapshot import FleetState, HostState, SourceState

VERSION = 1


def render(report: StatusReport) -> str:
    """Return the status as JSON, all but ASCII escaped: safe to print on any terminal."""
    snapshot = report.snapshot
    return json.dumps(
        {
            "version": VERSION,
            "agent": {"name": snapshot.agent, "running": report.running is not None, "at": snapshot.at},
            "converged": snapshot.converged,
            "source": _source(report.source, snapshot.source, snapshot.fleet),
            "hosts": [_host(host, report) for host in report.hosts],
            "objects": [_object(status) for status in snapshot.fleet.statuses],
            "waiting": [waiting_json(waiting) for waiting in snapshot.fleet.waiting],
        },
        indent=2,
    )


def _source(where: str, source: SourceState, fleet: FleetState) -> dict[str, Any]:
    in_force = {**_revision(fleet.in_force), "since": fleet.in_force_since} if fleet.in_force else None
    return {
        "url": where,
        "head": _revision(source.head) if source.head else None,
        "syncedAt": source.synced_at,
        "error": source.error,
        "inForce": in_force,
        "refused": {"revision": fleet.refused, "problems": list(fleet.refused_why)} if fleet.refused else None,
        "held": {"revision": fleet.held, "why": fleet.held_why} if fleet.held else None,
        "message": fleet.message,
    }


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.id,
        "author": revision.author,
        "subject": revision.subject,
        "committedAt": revision.at,
    }


def _host(host: HostState, report: StatusReport) -> dict[str, Any]:
    ready, total = ready_pods(host.wanted, report.pods_of(host.name))
    return {
        "name": host.name,
        "seen": host.seen,
        "since": host.since,
        "reason": host.reason,
        "refused": host.refused,
        "runtime": {"name": host.facts.name, "version": host.facts.version} if host.facts else None,
        "observedAt": host.observed_at,
        "pods": {"ready": ready, "total": total, "wanted": host.wanted},
        "planned": host.planned,
        "inFlight": [
            {"pod": str(flight.pod), "verb": flight.verb, "rule": flight.rule, "since": flight.since}
            for flight in host.in_flight
        ],
        "waiting": [waiting_json(waiting) for waiting in host.waiting],
        "settled": host.settled,
    }


def _object(status: ObjectStatus) -> dict[str, Any]:
    return {
        "kind": status.key.kind,
        "namespace": status.key.namespace,
        "name": status.key.name,
        "phase": status.phase,
        "reason": status.reason,
        "message": status.message,
        "wanted": status.wanted,
        "updated": status.updated,
        "ready": status.ready,
        "available": status.available,
        "pods": [msgspec.to_builtins(pod) for pod in status.pods],
    }
