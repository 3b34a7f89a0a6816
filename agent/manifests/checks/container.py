"""One container of a pod."""

from collections.abc import Mapping

from agent.manifests.checks.environment import check_environment
from agent.manifests.checks.mounts import check_mounts
from agent.manifests.checks.ports import check_ports
from agent.manifests.checks.probes import check_lifecycle, check_none, check_probes
from agent.manifests.checks.resources import check_resources
from agent.manifests.checks.restarts import check_restarts
from agent.manifests.checks.security import check_container_security
from agent.manifests.finding import Findings, Steps
from agent.model.objects.pod import Container, PodSpec, Volume


def check_container(
    container: Container, spec: PodSpec, volumes: Mapping[str, Volume], at: Steps, *, runs_to_end: bool
) -> Findings:
    """Yield what is wrong with a container of a pod. ``runs_to_end`` is true of an init container, sidecars aside."""
    names = [other.name for other in spec.every_container]
    yield from check_ports(container, at)
    yield from check_environment(container, names, at)
    yield from check_mounts(container, volumes, at)
    yield from check_resources(container, spec, at)
    yield from check_restarts(container, at)
    if container.security_context:
        yield from check_container_security(container.security_context, spec, (*at, "securityContext"))
    if runs_to_end:
        yield from check_none(container, at)
    else:
        yield from check_probes(container, at)
        yield from check_lifecycle(container, spec, at)
