from typing import Any

from agent.model.plan import Waiting


def waiting_json(waiting: Waiting) -> dict[str, Any]:
    """Return what waits, as both ``diff`` and ``status`` write it to JSON."""
    subject = waiting.pod or waiting.object
    return {
        "reason": waiting.reason,
        "message": waiting.message,
        "subject": str(subject) if subject else "",
        "host": waiting.host,
        "until": waiting.until,
    }
