from typing import Final

from agent import __version__
from agent.hosts.handlers import exec as exec_handler
from agent.hosts.handlers import http, tcp
from agent.hosts.handlers.deadline import Deadline
from agent.hosts.handlers.handled import Handled, Reach, unknown
from agent.model.objects.pod import Probe
from agent.ports import PortError, Unreachable

_AGENT: Final = f"trimtab-probe/{__version__}"
_ANSWERS_WITHIN: Final = 1.0


def run_probe(reach: Reach, probe: Probe, *, container_id: str, address: str) -> Handled:
    """Make one check within the probe's time limit. Never raises; what says nothing of the container is unknown.

    A check that times out only counts when the host itself answers: one that hangs fails nobody's probes.
    """
    deadline = Deadline(float(max(probe.timeout_seconds, 1)))
    try:
        handled = _checked(reach, probe, container_id, address, deadline)
    except Unreachable:
        return unknown()
    except PortError as error:
        return unknown(f"{error} ({error.hint})" if error.hint else str(error))
    if handled.ok or handled.unknown:
        return handled
    silent = not reach.link.alive or (deadline.passed and not reach.link.answers(_ANSWERS_WITHIN))
    return unknown() if silent else handled


def _checked(reach: Reach, probe: Probe, container_id: str, address: str, deadline: Deadline) -> Handled:
    if probe.exec is not None:
        return exec_handler.execute(reach.runtime, container_id, probe.exec.command, deadline.seconds)
    if probe.http_get is not None:
        try:
            answer = http.get(reach.link, probe.http_get, address, deadline, agent=_AGENT)
        except http.HttpFailed as error:
            return Handled(ok=False, message=str(error))
        return _judged(answer)
    if probe.tcp_socket is not None:
        return tcp.connect(reach.link, probe.tcp_socket.host or address, int(probe.tcp_socket.port), deadline)
    if probe.grpc is not None:
        from agent.hosts.handlers import grpc  # noqa: PLC0415 - HTTP/2 in Python: only who asks in gRPC pays for it

        return grpc.check(reach.link, probe.grpc, address, deadline, agent=_AGENT)
    return unknown("the probe has no handler")


def _judged(answer: http.Answer) -> Handled:
    if not 200 <= answer.status < 400:
        return Handled(ok=False, message=f"HTTP probe failed with statuscode: {answer.status}")
    if answer.status < 300:
        return Handled(ok=True)
    body = answer.body.decode(errors="replace").strip()
    return Handled(ok=True, message=f"Probe terminated redirects, Response body: {body}".strip())
