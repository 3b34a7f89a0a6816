"""What probes and lifecycle hooks do, from outside: nothing is installed on the host, nothing else listens there.

Requests and connections go through a TCP channel of the host's SSH connection, commands through containerd. The words
are those of a kubelet, so that what people know to look for is what they find.
"""

from agent.hosts.handlers.handled import Handled, Reach
from agent.hosts.handlers.lifecycle import run_handler
from agent.hosts.handlers.probe import run_probe

__all__ = ["Handled", "Reach", "run_handler", "run_probe"]
