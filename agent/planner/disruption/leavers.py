"""Which pods should leave their hosts: all of one that is drained, and those that somebody asked to be moved.

What ran to its end stays: it takes up nothing, and elsewhere it would do its work once more.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from agent.planner.live import Live
from agent.planner.template import Slot
from agent.planner.workload import Claim


class Leaver(NamedTuple):
    """A pod that should leave its host, and why. ``slot`` is None for one that is not to be made again as it is."""

    claim: Claim
    pod: Live
    slot: Slot | None
    why: str

    def pinned(self) -> str:
        """Return why the pod cannot be on any other host, whatever happens; empty when it might."""
        pod, spec = self.pod, (self.claim.template if self.slot is None else self.claim.template_of(self.slot)).spec
        if not pod.seen:
            return f"{pod.host} is unseen, so that nobody would see it go"
        return f"its nodeName is {pod.host}" if spec.node_name == pod.host else ""


def leavers(claims: Iterable[Claim], draining: AbstractSet[str], asked: Mapping[str, str]) -> Iterator[Leaver]:
    """Yield the pods that should leave their hosts. A DaemonSet's stay: they are there for the host.

    Pods that are kept as they are go as well, but for those of a job, which are at their end.
    """
    if not draining and not asked:
        return
    for claim in claims:
        kind = claim.template.declared.key.kind
        if kind == "DaemonSet":
            continue
        slots = {slot.key: slot for slot in claim.final}
        for pod in claim.current:
            if pod.key in slots and not claim.ended(pod) and (why := _why(pod, draining, asked)):
                yield Leaver(claim, pod, slots[pod.key], why)
        for pod in claim.kept if kind != "Job" else ():
            if pod.host in draining:
                yield Leaver(claim, pod, None, f"drain of {pod.host}")


def _why(pod: Live, draining: AbstractSet[str], asked: Mapping[str, str]) -> str:
    if pod.host in draining:
        return f"drain of {pod.host}"
    return "rebalance" if asked.get(pod.name) == pod.host else ""
