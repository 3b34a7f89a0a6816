from collections.abc import Sequence

from agent.model.objects.host import Host
from agent.model.plan import FleetInput, FleetPlan
from agent.planner.autoscaling import autoscale
from agent.planner.batch import kept_jobs, tend
from agent.planner.fleet.assemble import assemble
from agent.planner.fleet.givingway import with_those_that_give_way
from agent.planner.fleet.ground import Ground, on_their_way
from agent.planner.fleet.lost import next_loss
from agent.planner.fleet.placement import place
from agent.planner.fleet.remember import remember
from agent.planner.fleet.sight import Sight, look, without_lost
from agent.planner.fleet.status import report
from agent.planner.fleet.taints import borne_until, tainted_since
from agent.planner.fleet.workloads import Asked, ask, declared_workloads
from agent.planner.live import Live
from agent.planner.ofkind import of_kind
from agent.planner.quota import admit
from agent.planner.storage import Ledger, claim_statuses, outcome, take_stock
from agent.planner.workload import Claim


def plan_fleet(given: FleetInput) -> FleetPlan:
    """Return what each host should run now, what becomes of each object, and what has to be remembered.

    Pure: the same input gives the same plan. Everything is decided from the whole input again; memory only makes
    decisions stick that were taken before.
    """
    given = with_those_that_give_way(given)
    hosts = {key.name: one for key, one in of_kind(given.fleet, Host).items()}
    sight, since = look(given, hosts), tainted_since(given, hosts)
    scaling = autoscale(given, sight.by_owner)
    declared, crons = declared_workloads(given.fleet), kept_jobs(given, sight.by_owner)
    derived = {job.key: job for cron in crons for job in cron.jobs.values()}
    claims = ask(given, hosts, sight, since, Asked({**derived, **declared}, scaling.replicas))
    tended = tend(given, crons, claims)
    if tended.jobs or tended.gone:
        begun = ask(given, hosts, sight, since, Asked({**tended.jobs}, {}))
        claims = (*(one for one in claims if one.template.declared.key not in {*tended.gone, *tended.jobs}), *begun)
    sight = without_lost(given, sight, claims, since)
    stray = _stray(claims, sight)
    ledger = Ledger(take_stock(given, hosts, claims), given.memory)
    admission = admit(given.fleet, claims, given.memory)
    ground = Ground(given, hosts, sight, ledger, since, on_their_way(given, sight), admission.forbidden)
    placed = place(claims, ground, stray)
    volumes = outcome(given, ledger)
    assembly = assemble(ground, claims, placed, volumes, stray=stray)
    others = (
        *claim_statuses(ledger, volumes),
        *scaling.statuses,
        *tended.statuses,
        *placed.budgets,
        *admission.statuses,
    )
    statuses, waiting = report(given, claims, placed, assembly.delayed, others)
    demands = [(claim.template.declared.key.kind, claim.template.demand) for claim in claims]
    times = [
        placed.wake_at,
        borne_until(claims, hosts, since, given.now),
        *(claim.wake_at for claim in claims),
    ]
    due = [next_loss(demands, since, given.now), volumes.release_at, scaling.due_at, tended.due_at]
    due += [claim.due_at for claim in claims]
    return FleetPlan(
        desired=assembly.desired,
        statuses=statuses,
        memory=remember(
            ground,
            claims,
            placed,
            volumes,
            delayed=assembly.delayed,
            stray=stray,
            autoscalers=scaling.records,
            crons=tended.records,
        ),
        waiting=waiting,
        wake_at=min((at for at in times if at is not None), default=None),
        due_at=min((at for at in due if at is not None), default=None),
        measure=scaling.measure,
        queries=scaling.queries,
    )


def _stray(claims: Sequence[Claim], sight: Sight) -> tuple[Live, ...]:
    """Return the pods that no workload has a word for: nothing declares them.

    One that was only planned, and has its slot still, is none.
    """
    count = sum(len(claim.current) + len(claim.kept) + len(claim.leaving) for claim in claims)
    if count == len(sight.pods):
        return ()
    mentioned = {pod.key for claim in claims for pod in (*claim.current, *claim.kept)}
    mentioned.update(one.pod.key for claim in claims for one in claim.leaving)
    stray = [pod for key, pod in sight.pods.items() if key not in mentioned]
    if any(pod.planned for pod in stray):
        slots = {slot.key for claim in claims for slot in claim.final}
        return tuple(pod for pod in stray if not (pod.planned and pod.key in slots))
    return tuple(stray)
