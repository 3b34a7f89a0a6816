"""``trimtab diff -o json``: for programs. The shape is ``schemas/diff.v1.json``; it grows, and never changes."""

import json
from typing import Any

from agent.cli.render.report import DiffReport, HostReport
from agent.cli.render.waiting_json import waiting_json
from agent.cli.render.words import summary
from agent.model.action import Action
from agent.model.cause import Cause, Commit

VERSION = 1


def render(report: DiffReport) -> str:
    """Return the report as JSON, all but ASCII escaped: safe to print on any terminal."""
    return json.dumps(
        {
            "version": VERSION,
            "revision": {
                "id": report.revision.id,
                "author": report.revision.author,
                "at": report.revision.at,
                "subject": report.revision.subject,
            },
            "at": report.now,
            "hosts": [_host(host, report) for host in report.hosts],
            "waiting": [waiting_json(waiting) for waiting in report.waiting],
            "counts": {**report.counts, "unchanged": report.unchanged, "unseenHosts": len(report.unseen)},
            **({"held": report.held} if report.held else {}),
            "summary": summary(report),
        },
        indent=2,
    )


def _host(host: HostReport, report: DiffReport) -> dict[str, Any]:
    return {
        "name": host.host,
        "seen": host.unseen is None,
        **({"unseenReason": host.unseen} if host.unseen is not None else {}),
        "actions": [_action(action, report) for action in host.plan.actions],
        "waiting": [waiting_json(waiting) for waiting in host.plan.waiting],
        "unchanged": host.plan.unchanged,
    }


def _action(action: Action, report: DiffReport) -> dict[str, Any]:
    before = report.predecessors.get(action.pod)
    return {
        "id": action.id,
        "verb": action.verb,
        "pod": str(action.pod),
        "namespace": action.pod.namespace,
        "name": action.pod.name,
        "rule": action.rule,
        "consequence": action.consequence,
        "containers": list(action.containers),
        "differences": [
            {
                "path": difference.path,
                "live": difference.live,
                "desired": difference.desired,
                "sensitive": difference.sensitive,
            }
            for difference in action.differences
        ],
        "cause": _cause(action.cause),
        **({"inPlaceOf": str(before)} if action.verb == "create" and before else {}),
        "images": list(action.images),
        "after": list(action.after),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    if not isinstance(cause, Commit):
        return {"type": "drift", "rule": cause.rule, "what": cause.what, "seenAt": cause.seen_at}
    return {
        "type": "commit",
        "revision": cause.revision,
        "author": cause.author,
        "subject": cause.subject,
        "object": {"kind": cause.object.kind, "namespace": cause.object.namespace, "name": cause.object.name},
        "path": cause.path,
        "file": cause.location.file,
        "line": cause.location.line,
        "summary": cause.summary,
    }
