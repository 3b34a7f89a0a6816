"""What rendering depends on, apart from the pod."""

from typing import Final, Literal

from msgspec.structs import replace

from agent.model.capacity import Allotment, capacity
from agent.model.observation import Feature, RuntimeFacts
from agent.model.plan import FingerprintKey
from agent.model.value import Value

_UNSAID: Final = Allotment()


class Machine(Value, frozen=True, kw_only=True):
    """Whose host a pod is rendered for, and what the host is like; fields as in ``RuntimeFacts``."""

    host: str
    agent: str
    key: FingerprintKey
    cgroup_driver: Literal["cgroupfs", "systemd"] = "cgroupfs"
    cgroup_version: Literal[1, 2] = 1
    memory_bytes: int = 0
    allocatable: tuple[tuple[str, int], ...] = ()
    """What there is for pods, by resource."""
    addresses: tuple[str, ...] = ()
    features: tuple[Feature, ...] = ()
    handlers: tuple[str, ...] = ()
    lacking: tuple[tuple[str, tuple[Feature, ...]], ...] = ()
    resolv_conf: str = ""
    etc_hosts: str | None = ""
    hugepages: tuple[tuple[str, int], ...] = ()

    def under(self, handler: str) -> "Machine":
        """Return the same with the features of one runtime handler; empty is the default one."""
        missing = next((features for name, features in self.lacking if name == handler), ())
        return replace(self, features=tuple(one for one in self.features if one not in missing)) if missing else self


def machine(host: str, agent: str, key: FingerprintKey, facts: RuntimeFacts, allotment: Allotment = _UNSAID) -> Machine:
    """Return what rendering needs to know of a host; the same for looks that differ in nothing that matters to it."""
    return Machine(
        host=host,
        agent=agent,
        key=key,
        cgroup_driver=facts.cgroup_driver,
        cgroup_version=facts.cgroup_version,
        memory_bytes=facts.memory_bytes,
        allocatable=tuple(sorted(capacity(allotment, facts).items())),
        addresses=facts.addresses,
        features=facts.features,
        handlers=facts.handlers,
        lacking=tuple(sorted(facts.lacking.items())),
        resolv_conf=facts.resolv_conf,
        etc_hosts=facts.etc_hosts,
        hugepages=tuple(sorted(facts.hugepages.items())),
    )
