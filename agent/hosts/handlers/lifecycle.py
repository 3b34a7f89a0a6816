from typing import Final

from agent import __version__
from agent.hosts.handlers import exec as exec_handler
from agent.hosts.handlers import http
from agent.hosts.handlers.deadline import Deadline
from agent.hosts.handlers.handled import Handled, Reach, unknown
from agent.model.objects.pod import LifecycleHandler
from agent.ports import PortError

_AGENT: Final = f"trimtab-lifecycle/{__version__}"


def run_handler(reach: Reach, handler: LifecycleHandler, *, container_id: str, address: str, timeout: float) -> Handled:
    """Run a postStart or preStop hook to its end, or for ``timeout`` seconds. Never raises.

    Any response to a request is success, whatever its status: that is how a kubelet has it. A pause that is longer
    than the time there is ends with the time.
    """
    deadline = Deadline(timeout)
    try:
        if handler.exec is not None:
            return exec_handler.execute(reach.runtime, container_id, handler.exec.command, timeout)
        if handler.http_get is not None:
            http.get(reach.link, handler.http_get, address, deadline, agent=_AGENT)
        elif handler.sleep is not None and reach.closed.wait(max(min(float(handler.sleep.seconds), timeout), 0.0)):
            return unknown("the connection was closed")
    except http.HttpFailed as error:
        return Handled(ok=False, message=str(error))
    except PortError as error:
        return unknown(str(error))
    return Handled(ok=True)
