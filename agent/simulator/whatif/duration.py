from collections.abc import Mapping
from typing import Final

from agent.model.duration import parse_duration

DURATION: Final = "simulate.trimtab.dev/duration"
"""Annotation in a pod template: how long a pod that ends runs in simulations."""
NOMINAL: Final = 30.0


def nominal_duration(annotations: Mapping[str, str]) -> float:
    """Return for how many seconds the main containers of a pod run that is to end."""
    try:
        return parse_duration(annotations[DURATION])
    except (KeyError, ValueError):
        return NOMINAL
