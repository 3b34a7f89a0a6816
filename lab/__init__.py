"""Real containerd hosts on one Linux machine, for the end-to-end tests, the demo and the benchmarks."""

from lab.errors import LabError
from lab.fleet import Lab
from lab.host import LabHost

__all__ = ["Lab", "LabError", "LabHost"]
