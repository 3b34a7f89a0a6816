"""Probes as they are run, and what they tell."""

from typing import Literal

from agent.model.objects.meta import PodKey
from agent.model.objects.pod import Probe
from agent.model.value import Value

ProbeKind = Literal["startup", "liveness", "readiness"]


class Probes(Value, frozen=True, kw_only=True):
    """The probes of a container, ports by number: what the ``trimtab.dev/probes`` annotation holds as JSON."""

    startup: Probe | None = None
    liveness: Probe | None = None
    readiness: Probe | None = None


class ProbeTarget(Value, frozen=True, kw_only=True):
    """One check, to be made now: of which container, how, and at which address (the pod's, or the host's own)."""

    pod: PodKey
    container_id: str
    container: str
    kind: ProbeKind
    probe: Probe
    address: str


class ProbeResult(Value, frozen=True, kw_only=True):
    """How a check ended. ``unknown`` (the host does not answer) counts neither way."""

    result: Literal["success", "failure", "unknown"]
    message: str = ""


class Health(Value, frozen=True, kw_only=True):
    """What the probes of a running container add up to.

    ``failed`` names the probe that failed often enough that the container is to be restarted, within ``grace``
    seconds where the probe has a period of its own.
    """

    started: bool = True
    ready: bool = True
    failed: Literal["", "startup", "liveness"] = ""
    message: str = ""
    grace: int | None = None
    since: float = 0.0
