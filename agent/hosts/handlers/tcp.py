from agent.hosts.handlers.address import joined
from agent.hosts.handlers.deadline import Deadline
from agent.hosts.handlers.handled import Handled
from agent.hosts.link import Link


def connect(link: Link, host: str, port: int, deadline: Deadline) -> Handled:
    """Open a connection and close it again. Raises PortError."""
    try:
        link.dial(host, port, timeout=deadline.left()).close()
    except TimeoutError:
        return Handled(ok=False, message=f"dial tcp {joined(host, port)}: i/o timeout")
    except OSError as error:
        return Handled(ok=False, message=f"dial tcp {joined(host, port)}: connect: {error.strerror or error}")
    return Handled(ok=True)
