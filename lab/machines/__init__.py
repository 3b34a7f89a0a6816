"""Virtual machines of whole releases, for what namespaces of one machine cannot show: kernel, systemd, cgroup v2."""

from lab.machines.machine import Machine

__all__ = ["Machine"]
