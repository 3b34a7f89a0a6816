"""What a pod's live state is called in Kubernetes: phase, reason, and the statuses of its containers."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.objects.pod import PodSpec, RestartPolicy
from agent.model.plan import Failure
from agent.model.status import ContainerStatus, PodPhase, PodStatus
from agent.planner import containerstatus
from agent.planner.conditions import Circumstances, conditions
from agent.planner.deadline import deadline, exceeded, remembered_deadline, started_at
from agent.planner.gates import closed, remembered_gates
from agent.planner.pods import ObservedPod
from agent.planner.qosclass import qos_seen
from agent.planner.restartpolicy import Role, comes_back, place_of, role_of

Row = tuple[ContainerStatus, ...]


def pod_status(
    observed: ObservedPod | None,
    *,
    key: PodKey,
    owner: ObjectKey,
    host: str,
    names: Sequence[str],
    policy: RestartPolicy,
    now: float,
    clock_skew: float = 0.0,
    failure: Failure | None = None,
    unseen: str = "",
    template_hash: str = "",
    spec: PodSpec | None = None,
    annotations: Mapping[str, str] | None = None,
) -> PodStatus:
    """Return a pod's status from what was seen of it; ``observed`` is None for one that is not there yet.

    ``names`` are the main containers it should have. ``spec`` and ``annotations`` are what git says of it; of a pod
    whose manifest is gone, what runs tells. ``unseen`` is why its host cannot be seen: then the phase is Unknown and
    what was last known stands.
    """
    health = observed.health if observed else {}
    seen = {
        name: containerstatus.seen(found[0], policy, health, now + clock_skew)
        for name, found in (observed.containers.items() if observed else ())
    }
    begun = any(name in seen for name in names)
    init = _init(_init_roles(observed, spec), seen, failure, now, begun=begun)
    initialized = begun or all(_passed(one) for one in init)
    main = tuple(
        seen[name]
        if name in seen
        else containerstatus.missing(name, "main", failure, now)
        if initialized
        else containerstatus.initializing(name, "main")
        for name in names
    )
    shut = _closed(observed, spec, annotations)
    ready = not unseen and observed is not None and observed.ready(names) and not shut
    status = PodStatus(
        key=key,
        owner=owner,
        host=host,
        phase=_phase(init, main, observed, policy, initialized=initialized),
        ready=ready,
        ips=observed.sandbox.ips if observed else (),
        created_at=observed.created_at if observed else 0.0,
        containers=main,
        template_hash=observed.template_hash if observed else template_hash,
        init_containers=init,
        qos_class=qos_seen(observed),
        started_at=started_at(observed) if observed else 0.0,
        ready_since=(observed.ready_since(names, clock_skew) or 0.0) if observed and ready else 0.0,
    )
    late = observed is not None and _is_late(observed, spec, now, clock_skew)
    if unseen:
        status = replace(status, phase="Unknown", reason="HostUnseen", message=unseen)
    elif late:
        status = replace(status, phase="Failed", ready=False, reason="DeadlineExceeded", message=_LATE)
    else:
        status = _explained(status, failure, initialized=initialized)
    around = Circumstances(initialized=initialized, gates=_gates(observed, spec), closed=shut)
    return replace(status, conditions=conditions(status, around))


_LATE = "the pod was active on its host for longer than its activeDeadlineSeconds"


def _is_late(observed: ObservedPod, spec: PodSpec | None, now: float, clock_skew: float) -> bool:
    seconds = spec.active_deadline_seconds if spec is not None else remembered_deadline(observed)
    return exceeded(observed, deadline(observed, seconds), now, clock_skew)


def _gates(observed: ObservedPod | None, spec: PodSpec | None) -> tuple[str, ...]:
    if spec is not None:
        return tuple(gate.condition_type for gate in spec.readiness_gates)
    return remembered_gates(observed.sandbox.config.annotations) if observed else ()


def _closed(
    observed: ObservedPod | None, spec: PodSpec | None, annotations: Mapping[str, str] | None
) -> tuple[str, ...]:
    gates = _gates(observed, spec)
    said = annotations if annotations is not None else observed.sandbox.config.annotations if observed else {}
    return closed(gates, said) if gates else ()


def _init_roles(observed: ObservedPod | None, spec: PodSpec | None) -> tuple[tuple[str, Role], ...]:
    """Return the init containers of a pod, in their order; of one whose manifest is gone, those that are there."""
    if spec is not None:
        init = spec.init_containers
        return tuple((one.name, "sidecar" if one.restart_policy == "Always" else "init") for one in init)
    newest = observed.current.values() if observed else ()
    found = [(place_of(one.config), one.config.name, role_of(one.config)) for one in newest]
    return tuple((name, role) for _, name, role in sorted(found) if role != "main")


def _init(
    roles: tuple[tuple[str, Role], ...],
    seen: Mapping[str, ContainerStatus],
    failure: Failure | None,
    now: float,
    *,
    begun: bool,
) -> Row:
    last = max((place for place, (name, _) in enumerate(roles) if name in seen), default=-1)
    found: list[ContainerStatus] = []
    for place, (name, role) in enumerate(roles):
        if name in seen:
            found.append(seen[name])
        elif role == "init" and (begun or place < last):
            found.append(containerstatus.gone_by(name))
        elif all(_passed(one) for one in found):
            found.append(containerstatus.missing(name, role, failure, now))
        else:
            found.append(containerstatus.initializing(name, role))
    return tuple(found)


def _passed(status: ContainerStatus) -> bool:
    """Tell whether an init container lets what comes after it start."""
    if status.role == "sidecar":
        return status.state == "running" and status.started
    return status.state == "terminated" and status.exit_code == 0


def _phase(init: Row, main: Row, observed: ObservedPod | None, policy: RestartPolicy, *, initialized: bool) -> PodPhase:
    """Follow a kubelet's getPhase."""
    if observed is None:
        return "Pending"
    if not initialized:
        return "Failed" if any(_for_good(one, observed, policy) and one.exit_code for one in init) else "Pending"
    if any(one.state == "waiting" and one.reason != "CrashLoopBackOff" for one in main):
        return "Pending"
    if not all(_for_good(one, observed, policy) for one in main):
        return "Running"
    if any(one.role == "sidecar" and one.state == "running" for one in init):
        return "Running"
    return "Succeeded" if all(one.exit_code == 0 for one in main) else "Failed"


def _for_good(status: ContainerStatus, observed: ObservedPod, policy: RestartPolicy) -> bool:
    found = observed.containers.get(status.name)
    return (
        bool(found)
        and status.state == "terminated"
        and found is not None
        and not comes_back(found[0].config, status.exit_code, policy)
    )


def _explained(status: PodStatus, failure: Failure | None, *, initialized: bool) -> PodStatus:
    """Return a status with the reason that kubectl's STATUS column would show, and what there is to say about it."""
    message = failure.message if failure else ""
    for place, one in enumerate(status.init_containers):
        if initialized or _passed(one):
            continue
        shown = one.reason if one.reason not in {"", "PodInitializing", "Completed", "ContainerCreating"} else ""
        told = f"{place}/{len(status.init_containers)}"
        return replace(status, reason=f"Init:{shown or told}", message=one.message or message)
    every = (*(one for one in status.init_containers if one.role == "sidecar"), *status.containers)
    problem = next((one for one in every if one.reason not in {"", "Completed"}), None)
    if problem is not None:
        return replace(status, reason=problem.reason, message=problem.message or message)
    return replace(status, message=message or next((one.message for one in every if not one.ready and one.message), ""))
