"""What one round of checks tells whoever only looks."""

import pytest

from agent.model.probing import Health
from agent.reconciler.probing.glance import glance
from agent.reconciler.probing.subjects import subjects_of
from tests.reconciler.probing import NAME, Ward, container, probe


@pytest.mark.parametrize(
    ("startup", "readiness", "age", "health"),
    [
        (None, "success", 5, Health()),
        (None, "failure", 5, Health(ready=False, message="Readiness probe failed: no")),
        (None, "unknown", 5, None),
        ("success", "success", 5, Health()),
        ("success", None, 5, Health()),
        ("failure", "success", 5, Health(started=False, ready=False, message="Startup probe failed: no")),
        ("failure", "success", 500, Health()),
        ("unknown", "success", 5, None),
    ],
)
def test_one_round_of_checks(startup: str | None, readiness: str | None, age: float, health: Health | None) -> None:
    ward, answers = Ward(), {"startup": startup, "readiness": readiness}
    ward.host.answer = lambda target: answers[target.kind] or ""
    probes = {kind: probe(success_threshold=3) for kind, answer in answers.items() if answer}
    begun = ward.begun - age
    ward.containers = (container("app", begun, liveness=probe(), **probes),)  # type: ignore[arg-type] # mypy takes the probes for the owner
    (subject,) = subjects_of(ward.seen(), NAME)
    told = glance(ward.host, subject, ward.begun)
    expected = health and Health(started=health.started, ready=health.ready, message=health.message, since=begun)
    assert told == expected
    assert len(ward.host.made) <= 2
