from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import ObjectKey, ObjectMeta
from agent.model.objects.pod import PodSpec
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus, PodStatus
from agent.model.value import Value
from agent.ports import Event
from agent.reconciler.reporting.snapshot import HostState


class Subject(Value, frozen=True, kw_only=True):
    """What a description is made from. Content of Secrets is in ``body`` alone, and never shown."""

    key: ObjectKey
    now: float
    declared_at: str
    """File, line and commit; or that it is not declared any more."""
    metadata: ObjectMeta | None = None
    body: AnyObject | None = None
    spec: PodSpec | None = None
    """Of a pod: its own, or its workload's template's."""
    pod: PodStatus | None = None
    status: ObjectStatus | None = None
    host: HostState | None = None
    pods: tuple[PodStatus, ...] = ()
    """Of a workload, or on a host."""
    waiting: tuple[Waiting, ...] = ()
    events: tuple[Event, ...] = ()
