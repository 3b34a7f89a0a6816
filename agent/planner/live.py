"""Our pods as the fleet planner weighs them: whose they are, of which template, since when they run."""

from collections.abc import Iterable, Mapping

from agent.model.labels import CONTAINERS
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Observation, RuntimeFacts, Seen, Unseen, last_known
from agent.model.status import PodStatus
from agent.model.value import Value
from agent.planner.deadline import remembered_deadline
from agent.planner.gates import closed, remembered_gates
from agent.planner.memo import remembered
from agent.planner.naming import parse_set, parse_slot
from agent.planner.pods import ObservedPod, observed_pods
from agent.planner.podstatus import pod_status
from agent.planner.scheduler.demand import Demand
from agent.planner.scheduler.seen import seen_demand


class Live(Value, frozen=True, kw_only=True):
    """One pod of ours on one host.

    ``name`` is its key as memory spells it; ``set`` and ``slot`` are what a generated name says (empty, -1 otherwise).
    ``seen`` is False on an unseen host: the pod exists as far as anybody knows, and is not available. ``lost`` once
    that lasts longer than the pod bears, so that another takes its place; it may still run. ``observed`` is None for
    a pod that only memory tells of; ``planned`` is one that was not there at the last look at its host, and may have
    been made before that could not be seen any more. ``running_since`` (on the agent's clock) is since when all of its
    containers are ready, None unless all of ``names`` are. ``gates`` are its readiness gates, ``shut`` those that its
    annotations did not open when it was made. ``given`` is what a Pod that is declared by itself was given: it may ask
    for more by now. ``steady`` is its status while nothing about that depends on the time or on what git says today.
    """

    key: PodKey
    name: str
    host: str
    seen: bool
    owner: ObjectKey | None
    lost: bool = False
    planned: bool = False
    generation: str = ""
    set: str = ""
    slot: int = -1
    names: tuple[str, ...] = ()
    created_at: float = 0.0
    running_since: float | None = None
    observed: ObservedPod | None = None
    gates: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()
    given: Demand | None = None
    steady: PodStatus | None = None

    @property
    def over(self) -> bool:
        """Whether the pod ran to its end: it takes up nothing any more."""
        return self.observed is not None and self.observed.over

    def lacks(self, names: tuple[str, ...]) -> bool:
        """Tell whether a pod was seen without some of the main containers that it should have."""
        return self.seen and not set(names) <= set(self.names)

    def ready_since(
        self, names: tuple[str, ...] | None = None, annotations: Mapping[str, str] | None = None
    ) -> float | None:
        """Return since when a pod is ready; None when it is not, or cannot be seen.

        ``names`` are the main containers it should have; None asks for what it was seen to have. ``annotations`` are
        what git says today of a pod that keeps running when they change; None asks for those it was made with.
        """
        if self.shut if annotations is None else closed(self.gates, annotations):
            return None
        if not self.seen or (names is not None and names != self.names and not set(names) <= set(self.names)):
            return None
        return self.running_since


def live_pods(host: str, observation: Observation, agent: str) -> Mapping[PodKey, Live]:
    """Return our pods on a host, as it is seen or was last known, sorted by key."""
    seen = last_known(observation)
    if seen is None:
        return {}
    return _live_pods(seen, agent, host, observation.reason if isinstance(observation, Unseen) else "")


@remembered
def _live_pods(seen: Seen, agent: str, host: str, unseen: str) -> Mapping[PodKey, Live]:
    return {key: _live(pod, host, unseen, seen.facts) for key, pod in observed_pods(seen, agent).items()}


def _live(pod: ObservedPod, host: str, unseen: str, facts: RuntimeFacts) -> Live:
    skew = facts.clock_skew
    names, annotations = pod.main, pod.sandbox.config.annotations
    asked = annotations.get(CONTAINERS)
    whole = bool(names) if asked is None else set(asked.split(",")) <= set(names)
    since = pod.ready_since(names, skew) if whole else None
    gates = remembered_gates(annotations)
    owner, parsed = pod.owner, parse_slot(pod.key.name) or ("", -1)
    steady = None
    still = since is not None or (whole and all(one.state == "exited" for one in pod.current.values()))
    if still and owner is not None and not gates and remembered_deadline(pod) is None:
        steady = pod_status(
            pod,
            key=pod.key,
            owner=owner,
            host=host,
            names=names,
            policy=pod.restart_policy,
            now=0.0,
            clock_skew=skew,
            unseen=unseen,
        )
        if since is None and steady.phase not in {"Succeeded", "Failed"}:
            steady = None
    return Live(
        key=pod.key,
        name=str(pod.key),
        host=host,
        seen=not unseen,
        owner=owner,
        generation=pod.template_hash or parse_set(pod.key.name).rpartition("-")[2],
        set=parsed[0],
        slot=parsed[1],
        names=names,
        created_at=pod.created_at,
        running_since=since,
        observed=pod,
        gates=gates,
        shut=closed(gates, annotations) if gates else (),
        given=seen_demand(pod, facts.memory_bytes) if owner is not None and owner.kind == "Pod" else None,
        steady=steady,
    )


def names_of(pods: Iterable[Live], *, most: int = 3) -> str:
    """Return pods' names for a sentence: the first few, then how many more."""
    named = [pod.key.name for pod in pods]
    rest = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + rest
