"""Probes and lifecycle hooks of a container."""

from collections.abc import Iterator
from typing import Final

from agent.manifests.checks.choice import check_one_of
from agent.manifests.explain import nearest, shorten
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Container, LifecycleHandler, PodSpec, PortRef, Probe

_HANDLERS: Final = (("exec", "exec"), ("http_get", "httpGet"), ("tcp_socket", "tcpSocket"), ("grpc", "grpc"))
_NAMED: Final = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP "
    "TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
_SIGNALS: Final = (
    *(f"SIG{name}" for name in _NAMED.split()),
    *(f"SIGRTMIN+{number}" for number in range(1, 16)),
    *(f"SIGRTMAX-{number}" for number in range(1, 15)),
)


def check_probes(container: Container, at: Steps) -> Findings:
    """Yield what is wrong with a container's probes."""
    for probe, name in _probes(container):
        place = (*at, name)
        yield from check_one_of(probe, _HANDLERS, place)
        if name != "readinessProbe" and probe.success_threshold > 1:
            message = f"one success is all that a {name} waits for"
            yield Finding((*place, "successThreshold"), "bad-value", message, "write 1, or leave it out")
        if name == "readinessProbe" and probe.termination_grace_period_seconds is not None:
            message = "a readinessProbe stops nothing, so it gives no time to stop"
            yield Finding((*place, "terminationGracePeriodSeconds"), "bad-value", message, at_key=True)
        if probe.http_get:
            yield from _port(probe.http_get.port, container, (*place, "httpGet"))
        if probe.tcp_socket:
            yield from _port(probe.tcp_socket.port, container, (*place, "tcpSocket"))


def check_lifecycle(container: Container, spec: PodSpec, at: Steps) -> Findings:
    """Yield what is wrong with a container's hooks."""
    lifecycle = container.lifecycle
    if lifecycle is None:
        return
    for handler, name in ((lifecycle.post_start, "postStart"), (lifecycle.pre_stop, "preStop")):
        if handler:
            yield from _hook(handler, container, spec.termination_grace_period_seconds, (*at, "lifecycle", name))
    if lifecycle.stop_signal is not None:
        yield from _signal(lifecycle.stop_signal, spec, (*at, "lifecycle", "stopSignal"))


def check_none(container: Container, at: Steps) -> Findings:
    """Yield probes and hooks of an init container that runs to its end."""
    names = [name for _, name in _probes(container)]
    if container.lifecycle:
        names.append("lifecycle")
    for name in names:
        message = f"an init container that runs to its end has no `{name}`"
        hint = "write restartPolicy: Always for a sidecar, which goes on beside the others"
        yield Finding((*at, name), "bad-value", message, hint, at_key=True)


def _probes(container: Container) -> Iterator[tuple[Probe, str]]:
    for probe, name in (
        (container.liveness_probe, "livenessProbe"),
        (container.readiness_probe, "readinessProbe"),
        (container.startup_probe, "startupProbe"),
    ):
        if probe:
            yield probe, name


def _hook(handler: LifecycleHandler, container: Container, grace: int, at: Steps) -> Findings:
    if handler.http_get:
        yield from _port(handler.http_get.port, container, (*at, "httpGet"))
    if handler.sleep and handler.sleep.seconds > grace:
        message = f"{handler.sleep.seconds} seconds are more than terminationGracePeriodSeconds, {grace}"
        yield Finding((*at, "sleep", "seconds"), "bad-value", message)


def _port(port: PortRef, container: Container, at: Steps) -> Findings:
    names = sorted(entry.name for entry in container.ports if entry.name)
    if isinstance(port, str) and port not in names:
        near = nearest(port, names)
        message = f"container {container.name} has no port named `{shorten(port)}`{near}"
        hint = "" if near else "name a port in `ports`, or write its number"
        yield Finding((*at, "port"), "unknown-port", message, hint)


def _signal(signal: str, spec: PodSpec, at: Steps) -> Findings:
    if signal not in _SIGNALS:
        near = nearest(signal, _SIGNALS)
        yield Finding(at, "bad-value", f"`{shorten(signal)}` is not a signal of Linux{near}")
    if spec.os is None:
        message = "Kubernetes takes a stop signal only of pods that say for which operating system they are"
        yield Finding(at, "missing-field", message, "write spec.os.name: linux", at_key=True)
