"""Commands in containers and ways to their ports, as a kubelet has them from the runtime: streams on a connection.

containerd serves them on its host's own loopback, as SPDY/3.1 or WebSocket. SPDY is what every version speaks, and the
only one of the two in which the end of standard input can be told (WebSocket's v4.channel.k8s.io has no word for it).
"""

from agent.hosts.streaming.command import Command, start_command
from agent.hosts.streaming.forward import Tunnel, open_tunnel

__all__ = ["Command", "Tunnel", "open_tunnel", "start_command"]
