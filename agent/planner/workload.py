"""What a workload asks of the fleet: the contract between the kinds and the fleet planner."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from agent.model.kindstatus import AnyKindStatus
from agent.model.memory import JobRecord, Memory, RolloutRecord
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.planner.live import Live
from agent.planner.memo import remembered
from agent.planner.template import Slot, Template

_TEMPLATE: Final = attrgetter("template")
_HOST: Final = attrgetter("host")


class Scope(NamedTuple):
    """What a workload decides from.

    ``template`` is the newest, ``earlier`` are older ones that are still known, by hash. ``live`` are its pods, lost
    ones among them. ``taken`` are generated names that Pods declare for themselves. ``replicas`` is what an autoscaler
    says, None where the object itself does.
    """

    given: FleetInput
    hosts: Mapping[str, Declared[Host]]
    template: Template
    live: Sequence[Live]
    earlier: Mapping[str, Template] = {}
    taken: frozenset[str] = frozenset()
    replicas: int | None = None

    @property
    def memory(self) -> Memory:
        """What the last plan remembered."""
        return self.given.memory

    @property
    def now(self) -> float:
        """The agent's clock."""
        return self.given.now

    @property
    def rollout(self) -> RolloutRecord | None:
        """How far the last plan saw the workload get to its newest template."""
        return self.given.memory.rollouts.get(str(self.template.declared.key))

    @property
    def job(self) -> JobRecord | None:
        """What the last plan knew of a job."""
        return self.given.memory.jobs.get(str(self.template.declared.key))


class Departure(Value, frozen=True, kw_only=True):
    """A pod that a workload sends away, why, and the field that asks for it."""

    pod: Live
    reason: Literal["scaled-down", "replaced", "surplus", "finished"]
    path: str
    summary: str


class Claim(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """What one workload wants: slots for the pods that there should be, and what becomes of those that there are."""

    template: Template
    """The newest."""
    earlier: Mapping[str, Template] = {}
    """Older ones that its pods live of, as far as they are known, by hash."""
    final: tuple[Slot, ...]
    """The slots that it wants in the end, or for now of an older template: all of them get a host at once."""
    now: tuple[Slot, ...]
    """Those of them that may exist already."""
    wanted: int | None = None
    """How many pods there are to be in the end; None for as many as slots."""
    current: tuple[Live, ...] = ()
    """The pods that live in the slots of ``now``."""
    kept: tuple[Live, ...] = ()
    """Pods that stay for now and are not made again: of older templates, or at their end."""
    holding: bool = False
    """The kept pods hold places of ``final``, maybe for good: below a partition, or until somebody deletes them."""
    leaving: tuple[Departure, ...] = ()
    """Pods that go."""
    lost: tuple[Live, ...] = ()
    """Pods on hosts that are unseen for too long, of which others took the place."""
    ready: int = 0
    """How many of ``current`` and ``kept`` are ready."""
    available: int = 0
    """How many of them were ready for long enough."""
    stopped: str = ""
    """Why the workload does not go on before its object is changed: it is paused."""
    holds: str = ""
    """Why it makes no more pods for now: a back-off."""
    failed: str = ""
    """Why it never gets to its end: a deadline passed."""
    done: str = ""
    """That its work is over, in one word."""
    note: str = ""
    """What a reader should know besides."""
    wake_at: float | None = None
    """When time alone changes the answer."""
    due_at: float | None = None
    """The same for what nobody waits for (see FleetPlan)."""
    status: AnyKindStatus | None = None
    """What Kubernetes would show."""
    rollout: RolloutRecord | None = None
    """To be remembered."""
    job: JobRecord | None = None
    """To be remembered."""

    def template_of(self, slot: Slot) -> Template:
        """Return what the pod in a slot is made from."""
        return slot.template or self.template

    def ended(self, pod: Live) -> bool:
        """Tell whether a pod ran to its end, after which it takes up nothing, and its work is not done once more."""
        return self.template.spec.restart_policy != "Always" and pod.over

    @property
    def at_rest(self) -> bool:
        """Whether each place has its pod, in order and available, there is no other, and time alone changes nothing."""
        return _at_rest(self)

    @property
    def in_place(self) -> int:
        """How many places of ``final`` are allowed to have their pod now, or have another that holds it."""
        return len(self.now) + (len(self.kept) if self.holding else 0)

    @property
    def mixed(self) -> bool:
        """Whether some slots are of an older template."""
        return any(map(_TEMPLATE, self.final))

    @property
    def pinned(self) -> bool:
        """Whether some slots are for one host each."""
        return any(map(_HOST, self.final))


@remembered
def _at_rest(claim: Claim) -> bool:
    return (
        len(claim.final) == len(claim.now) == len(claim.current) == claim.available
        and not (claim.kept or claim.leaving or claim.lost)
        and not (claim.stopped or claim.holds or claim.failed or claim.done or claim.job)
        and claim.wake_at is None
        and claim.due_at is None
        and all(
            slot.key == pod.key and slot.template is None and slot.host in {"", pod.host}
            for slot, pod in zip(claim.final, claim.current, strict=True)
        )
    )
