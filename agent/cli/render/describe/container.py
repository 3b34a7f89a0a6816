from collections.abc import Iterator, Sequence

import msgspec

from agent.cli.render.describe.lines import NONE, block, mapped, moment
from agent.model.objects.pod import Container, EnvFromSource, EnvVar, Probe, VolumeMount
from agent.model.status import ContainerStatus, Termination


def container_lines(status: ContainerStatus, written: Container | None, now: float) -> list[str]:
    """Describe one container: how it is, and what the manifest says of it."""
    return [
        f"  {status.name}:",
        *block(
            [("Image", status.image or (written.image if written else "")), ("Image ID", status.image_ref or NONE)],
            indent=4,
        ),
        *(block(_written(written), indent=4) if written else []),
        *block(_live(status, now), indent=4),
        *(_environment(written) if written else []),
    ]


def _written(container: Container) -> Iterator[tuple[str, str | Sequence[str]]]:
    if container.ports:
        yield "Ports", [f"{port.container_port}/{port.protocol}" for port in container.ports]
        published = [f"{port.host_port}/{port.protocol}" for port in container.ports if port.host_port]
        if published:
            yield "Host Ports", published
    if container.command:
        yield "Command", container.command
    if container.args:
        yield "Args", container.args
    for title, values in (("Limits", container.resources.limits), ("Requests", container.resources.requests)):
        if values:
            yield title, mapped({name: str(value) for name, value in values.items()}, between=": ")
    for title, probe in (
        ("Liveness", container.liveness_probe),
        ("Readiness", container.readiness_probe),
        ("Startup", container.startup_probe),
    ):
        if probe is not None:
            yield title, probe_text(probe)
    yield "Mounts", [_mount(mount) for mount in container.volume_mounts]


def _live(status: ContainerStatus, now: float) -> Iterator[tuple[str, str | Sequence[str]]]:
    yield "State", _state(status, now)
    if status.last is not None:
        yield "Last State", _ended(status.last, now)
    yield "Ready", str(status.ready)
    yield "Restart Count", str(status.restarts)


def _state(status: ContainerStatus, now: float) -> list[str]:
    told = [f"Reason: {status.reason}"] if status.reason else []
    told += [f"Message: {status.message}"] if status.message else []
    told += [f"Exit Code: {status.exit_code}"] if status.state == "terminated" else []
    word = {"running": "Started", "terminated": "Finished", "waiting": "Since"}[status.state]
    told += [f"{word}: {moment(status.since, now)}"] if status.since else []
    return [status.state.capitalize(), *told]


def _ended(last: Termination, now: float) -> list[str]:
    told = [f"Reason: {last.reason}"] if last.reason else []
    told += [f"Message: {last.message}"] if last.message else []
    told += [f"Exit Code: {last.exit_code}"]
    told += [f"Started: {moment(last.started_at, now)}"] if last.started_at else []
    told += [f"Finished: {moment(last.finished_at, now)}"] if last.finished_at else []
    return ["Terminated", *told]


def probe_text(probe: Probe) -> str:
    """Return a probe on one line, as kubectl does."""
    times = (
        f"delay={probe.initial_delay_seconds}s timeout={probe.timeout_seconds}s period={probe.period_seconds}s "
        f"#success={probe.success_threshold} #failure={probe.failure_threshold}"
    )
    if probe.exec is not None:
        return f"exec {list(probe.exec.command)} {times}"
    if probe.http_get is not None:
        get = probe.http_get
        return f"http-get {get.scheme.lower()}://{get.host}:{get.port}{get.path} {times}"
    if probe.tcp_socket is not None:
        return f"tcp-socket {probe.tcp_socket.host}:{probe.tcp_socket.port} {times}"
    if probe.grpc is not None:
        return f"grpc <pod>:{probe.grpc.port} {probe.grpc.service or ''} {times}"
    return times


def _mount(mount: VolumeMount) -> str:
    how = ["ro" if mount.read_only else "rw"]
    if mount.sub_path or mount.sub_path_expr:
        how.append(f'path="{mount.sub_path or mount.sub_path_expr}"')
    return f"{mount.mount_path} from {mount.name} ({','.join(how)})"


def _environment(container: Container) -> list[str]:
    lines = block([("Environment", [_variable(each) for each in container.env])], indent=4)
    if container.env_from:
        lines += block([("Environment Variables from", [_source(each) for each in container.env_from])], indent=4)
    return lines


def _variable(variable: EnvVar) -> str:
    source = variable.value_from
    if source is None:
        return f"{variable.name}: {variable.value}"
    if (ref := source.secret_key_ref) is not None:
        told = f"<set to the key '{ref.key}' in secret '{ref.name}'>"
    elif (ref := source.config_map_key_ref) is not None:
        told = f"<set to the key '{ref.key}' of config map '{ref.name}'>"
    elif source.field_ref is not None:
        return f"{variable.name}: ({source.field_ref.api_version}:{source.field_ref.field_path})"
    else:
        resource = source.resource_field_ref
        return f"{variable.name}: {resource.resource if resource else ''}"
    return f"{variable.name}: {told} Optional: {str(ref.optional).lower()}"


def _source(source: EnvFromSource) -> str:
    written = {name: value for name, value in msgspec.to_builtins(source).items() if value}
    return ", ".join(
        f"{name}: {value if isinstance(value, str) else value.get('name', '')}" for name, value in written.items()
    )
