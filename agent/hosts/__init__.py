"""Real hosts: plain containerd, reached over SSH."""

from agent.hosts.connect import connect, scan_key

__all__ = ["connect", "scan_key"]
