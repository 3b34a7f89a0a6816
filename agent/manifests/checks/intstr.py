"""Counts that may be percentages."""

from agent.manifests.finding import Finding, Findings, Steps
from agent.model.intstr import IntOrString, resolve

_ALL = 100


def of_a_hundred(written: IntOrString) -> int:
    """Return how many of 100 are meant: of a percentage its number."""
    return resolve(written, _ALL, round_up=True)


def check_percentage(written: IntOrString, at: Steps) -> Findings:
    """Yield that a percentage is more than all."""
    if isinstance(written, str) and of_a_hundred(written) > _ALL:
        yield Finding(at, "bad-value", f"{written} is more than all of them")
