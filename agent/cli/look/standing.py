"""What stands right now, for ``status``, ``get`` and others: told by the running agent, else found by looking."""

import time
from pathlib import Path

from msgspec.structs import replace

from agent.cli.look.everything import look_at, read_fleet
from agent.cli.render.status_report import StatusReport
from agent.cli.running.published import read_published
from agent.cli.wiring import open_source, saved_state
from agent.model.desired import HostDesired
from agent.model.objects.agent import AgentConfig
from agent.model.objects.fleet import Fleet
from agent.model.observation import Observation, Unseen, last_known
from agent.model.origin import Revision
from agent.model.plan import FleetInput, HostInput
from agent.planner.fleet import plan_fleet
from agent.planner.host import plan_host
from agent.ports import Permanent, PortError, Source, State
from agent.reconciler.reporting.snapshot import FleetState, HostState, Metrics, Snapshot, SourceState


def standing(config: AgentConfig) -> StatusReport:
    """Return what the running agent says; without one, look at the source and at every host. Changes nothing.

    Raises PortError when neither an agent nor the source can tell: then nothing is known, not even that there is none.
    """
    report = as_far_as_known(config)
    if report.running is not None and not report.snapshot.fleet.planned_at:
        # An agent that has just started knows of no pod yet, which does not mean that there is none.
        report = replace(report, snapshot=_looked(config), running=None)
    source = report.snapshot.source
    if source.error and report.running is None:
        raise Permanent(source.error, hint=source.hint)
    return report


def as_far_as_known(config: AgentConfig) -> StatusReport:
    """Return what stands, or that the source cannot be read, for ``status``, which says so. Raises PortError."""
    published = read_published(Path(config.spec.state_dir))
    snapshot, running = published or (_looked(config), None)
    return StatusReport(snapshot=snapshot, now=time.time(), source=_source_name(config), running=running)


def fleet_in_force(config: AgentConfig, source: Source) -> Fleet:
    """Return what the revision in force declares; before there is one, what the newest does. Raises PortError."""
    return read_fleet(source, source.resolve(saved_state(config).in_force or None))


def _looked(config: AgentConfig) -> Snapshot:
    state, now = saved_state(config), time.time()
    try:
        source = open_source(config)
        head = source.resolve()
        fleet = read_fleet(source, source.resolve(state.in_force) if state.in_force else head)
    except PortError as error:
        return _blind(config, state, error, now)
    seen = look_at(config, fleet)
    plan = plan_fleet(seen)
    hosts = tuple(_host_state(seen, desired) for _, desired in sorted(plan.desired.items()))
    in_force = fleet.revision if state.in_force else None
    settled = all(host.settled for host in hosts) and all(status.settled for status in plan.statuses)
    return Snapshot(
        at=now,
        agent=config.metadata.name,
        source=SourceState(head=head, synced_at=now),
        fleet=FleetState(
            in_force=in_force,
            in_force_since=state.in_force_since,
            refused=state.refused,
            refused_why=state.refused_why,
            held=state.held,
            held_why=state.held_why,
            message="" if in_force else f"nothing was applied yet; {head.short} is the newest revision",
            statuses=plan.statuses,
            waiting=plan.waiting,
            planned_at=now,
            current=True,
        ),
        hosts=hosts,
        metrics=Metrics(),
        converged=settled and in_force is not None and in_force.id == head.id,
    )


def _blind(config: AgentConfig, state: State, error: PortError, now: float) -> Snapshot:
    """Return what is known when the source cannot be read: what was saved last."""
    known = Revision(id=state.in_force) if state.in_force else None
    return Snapshot(
        at=now,
        agent=config.metadata.name,
        source=SourceState(error=str(error), hint=error.hint),
        fleet=FleetState(
            in_force=known,
            in_force_since=state.in_force_since,
            refused=state.refused,
            refused_why=state.refused_why,
            held=state.held,
            held_why=state.held_why,
            message="the source cannot be read",
        ),
        hosts=(),
        metrics=Metrics(),
        converged=False,
    )


def _host_state(seen: FleetInput, desired: HostDesired) -> HostState:
    observation: Observation = seen.observations[desired.host]
    plan = plan_host(HostInput(desired=desired, observation=observation, key=seen.key, now=seen.now))
    known = last_known(observation)
    lost = observation if isinstance(observation, Unseen) else None
    return HostState(
        name=desired.host,
        seen=lost is None,
        since=lost.since if lost else 0.0,
        reason=lost.reason if lost else "",
        facts=known.facts if known else None,
        observed_at=known.at if known else 0.0,
        revision=desired.revision,
        wanted=len(desired.pods),
        planned=len(plan.actions),
        waiting=plan.waiting,
        settled=lost is None and not plan.actions and not plan.waiting,
    )


def _source_name(config: AgentConfig) -> str:
    ref = config.spec.source.ref
    followed = next(
        (f"{kind} {name}" for kind, name in (("commit", ref.commit), ("tag", ref.tag), ("branch", ref.branch)) if name),
        "",
    )
    return f"{config.spec.source.url} {followed}".rstrip()
