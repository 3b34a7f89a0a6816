from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from agent.model.desired import HostDesired
from agent.model.objects.host import Host as HostObject
from agent.model.objects.meta import Declared
from agent.reconciler.host.loop import HostLoop


class Driver(Protocol):
    """Steps host loops: on threads, or one at a time in the simulator."""

    def adopt(self, loop: HostLoop) -> None:
        """Begin to step a loop, whenever it is woken and when its time comes."""

    def release(self, loop: HostLoop) -> None:
        """Step a loop no more."""


class Roster:
    """The host loops, one for each Host object; hosts come and go with their objects.

    A host that went is let go of by its own loop, which is released once nothing runs there any more.
    """

    def __init__(self, make_loop: Callable[[str], HostLoop], driver: Driver) -> None:
        self._make_loop = make_loop
        self._driver = driver
        self._loops: dict[str, HostLoop] = {}

    def declare(self, hosts: Mapping[str, Declared[HostObject]]) -> None:
        """Make the loops those of exactly these hosts."""
        for name, loop in sorted(self._loops.items()):
            if name not in hosts:
                loop.declare(None)
                if loop.parked:
                    del self._loops[name]
                    self._driver.release(loop)
        for name, declared in sorted(hosts.items()):
            if name in self._loops:
                self._loops[name].declare(declared)
            else:
                loop = self._make_loop(name)
                loop.declare(declared)
                self._driver.adopt(loop)
                self._loops[name] = loop

    def measure(self, hosts: Collection[str]) -> None:
        """Have what containers use watched on these hosts, and on no other."""
        for name, loop in sorted(self._loops.items()):
            loop.measure(wanted=name in hosts)

    def deliver(self, desired: Mapping[str, HostDesired]) -> None:
        """Give each host what it should run."""
        for name, one in sorted(desired.items()):
            self._loops[name].deliver(one)
