"""A pod's spec, where its parts must fit together."""

from agent.manifests.checks.container import check_container
from agent.manifests.checks.network import check_network
from agent.manifests.checks.ports import check_host_ports
from agent.manifests.checks.quantities import check_quantities
from agent.manifests.checks.resources import check_pod_resources
from agent.manifests.checks.scheduling import check_scheduling
from agent.manifests.checks.security import check_pod_security
from agent.manifests.checks.unique import check_unique
from agent.manifests.checks.volumes import check_volumes
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import PodSpec


def check_pod_spec(spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with a pod."""
    yield from _containers(spec, at)
    yield from check_host_ports(spec, at)
    yield from check_volumes(spec, [container.name for container in spec.every_container], at)
    yield from check_scheduling(spec, at)
    yield from check_network(spec, at)
    yield from check_pod_resources(spec, at)
    yield from check_quantities(spec.overhead, (*at, "overhead"))
    if spec.security_context:
        yield from check_pod_security(spec.security_context, spec, (*at, "securityContext"))


def _containers(spec: PodSpec, at: Steps) -> Findings:
    main, init = (*at, "containers"), (*at, "initContainers")
    yield from check_unique(spec.containers, main, lambda container: container.name, "container", "name")
    yield from check_unique(spec.init_containers, init, lambda container: container.name, "container", "name")
    volumes = {volume.name: volume for volume in spec.volumes}
    names = {container.name: index for index, container in enumerate(spec.containers)}
    for index, container in enumerate(spec.init_containers):
        if container.name in names:
            message = f"container `{container.name}` is there twice"
            also = (*main, names[container.name], "name")
            yield Finding((*init, index, "name"), "duplicate", message, also=also)
        to_end = container.restart_policy != "Always"
        yield from check_container(container, spec, volumes, (*init, index), runs_to_end=to_end)
    for index, container in enumerate(spec.containers):
        yield from check_container(container, spec, volumes, (*main, index), runs_to_end=False)
