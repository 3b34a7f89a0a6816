"""One container: its ports, environment, mounts, resources and privileges."""

from collections.abc import Collection
from ipaddress import ip_address

from agent.manifests.checks.quantities import check_quantities, value_of
from agent.manifests.checks.unique import check_unique
from agent.manifests.explain import nearest
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Container, ContainerPort, EnvFromSource, EnvVar, Quantity, SecurityContext


def check_container(container: Container, at: Steps, volumes: Collection[str]) -> Findings:
    """Yield what is wrong with a container of a pod that has these volumes."""
    yield from _ports(container, (*at, "ports"))
    yield from check_unique(container.env, (*at, "env"), lambda entry: entry.name, "variable", "name")
    for index, variable in enumerate(container.env):
        yield from _variable(variable, (*at, "env", index))
    for index, source in enumerate(container.env_from):
        yield from _env_from(source, (*at, "envFrom", index))
    yield from _mounts(container, (*at, "volumeMounts"), volumes)
    yield from _resources(container, (*at, "resources"))
    if container.security_context:
        yield from _privileges(container.security_context, (*at, "securityContext"))


def _ports(container: Container, at: Steps) -> Findings:
    yield from check_unique(container.ports, at, lambda port: port.name or None, "port name", "name")
    yield from check_unique(container.ports, at, _published, "port", "containerPort")
    for index, port in enumerate(container.ports):
        if port.host_ip and not is_address(port.host_ip):
            message = "this is not an IP address"
            yield Finding((*at, index, "hostIP"), "bad-value", message)


def _published(port: ContainerPort) -> str:
    host = f" on {port.host_ip}:{port.host_port}" if port.host_port else ""
    return f"{port.container_port}/{port.protocol}{host}"


def _variable(variable: EnvVar, at: Steps) -> Findings:
    if variable.value and variable.value_from:
        yield Finding((*at, "valueFrom"), "one-of", "a variable has `value` or `valueFrom`, not both", at_key=True)


def _env_from(source: EnvFromSource, at: Steps) -> Findings:
    if (source.config_map_ref is None) == (source.secret_ref is None):
        yield Finding(at, "one-of", "exactly one of `configMapRef`, `secretRef` is needed")


def _mounts(container: Container, at: Steps, volumes: Collection[str]) -> Findings:
    yield from check_unique(container.volume_mounts, at, lambda mount: mount.mount_path, "mount path", "mountPath")
    for index, mount in enumerate(container.volume_mounts):
        if mount.name not in volumes:
            message = f"the pod has no volume `{mount.name}`{nearest(mount.name, sorted(volumes))}"
            yield Finding((*at, index, "name"), "unknown-volume", message)


def _resources(container: Container, at: Steps) -> Findings:
    limits: dict[str, Quantity] = dict(container.resources.limits.items())
    requests: dict[str, Quantity] = dict(container.resources.requests.items())
    yield from check_quantities(limits, (*at, "limits"))
    yield from check_quantities(requests, (*at, "requests"))
    for name, request in requests.items():
        if name not in limits:
            continue
        asked, most = value_of(request), value_of(limits[name])
        if asked is not None and most is not None and asked > most:
            message = f"the request {request} is more than the limit {limits[name]}"
            yield Finding((*at, "requests", name), "bad-value", message, also=(*at, "limits", name))


def _privileges(context: SecurityContext, at: Steps) -> Findings:
    if context.allow_privilege_escalation is False:
        added = context.capabilities.add if context.capabilities else ()
        if context.privileged or "SYS_ADMIN" in added:
            cause = "a privileged container" if context.privileged else "a container with SYS_ADMIN"
            message = f"{cause} cannot be kept from escalating its privileges"
            yield Finding((*at, "allowPrivilegeEscalation"), "bad-value", message)


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
