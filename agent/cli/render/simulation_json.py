"""``trimtab simulate -o json``: for programs. The shape is ``schemas/simulation.v1.json``; it grows, never changes."""

import json
from typing import Any

from agent.cli.render.simulation_words import summary
from agent.cli.render.waiting_json import waiting_json
from agent.simulator.whatif import Answer, Entry, Peak, Standing

VERSION = 1


def render(answer: Answer) -> str:
    """Return the answer as JSON, all but ASCII escaped: safe to print on any terminal."""
    return json.dumps(
        {
            "version": VERSION,
            "revision": answer.revision.id,
            "start": answer.start,
            "seconds": answer.seconds,
            "restedAfter": answer.rested,
            "timeline": [_entry(entry) for entry in answer.timeline],
            "availability": [_standing(one) for one in answer.standings],
            "hosts": [_peak(peak) for peak in answer.peaks],
            "waiting": [waiting_json(waiting) for waiting in answer.waiting],
            "kept": not answer.broken,
            "summary": summary(answer),
        },
        indent=2,
    )


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "what": entry.what,
        "object": str(entry.object) if entry.object is not None else "",
        "pods": list(entry.pods),
        "hosts": list(entry.hosts),
        "message": entry.message,
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "object": str(one.object),
        "wanted": one.wanted,
        "promised": one.promised,
        "ready": one.ready,
        "lowest": one.lowest,
        "lowestAt": one.at,
        "shortSeconds": one.short,
        "byHostFailure": one.struck,
        "kept": not one.broken,
        "broken": one.broken,
    }


def _peak(peak: Peak) -> dict[str, Any]:
    return {
        "host": peak.host,
        "assumed": peak.assumed,
        "peak": {"cpuMillis": peak.cpu, "memoryBytes": peak.memory, "pods": peak.pods},
        "capacity": {
            "cpuMillis": peak.cpu_capacity,
            "memoryBytes": peak.memory_capacity,
            "pods": peak.pods_capacity,
        },
    }
