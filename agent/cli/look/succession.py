"""Rollouts, shown as what they mean: a new pod against the one that it takes over from.

To a host, a rollout is a pod that is made and another that goes. To a reader it is an image that changes: so a pod
that is created by a rollout is compared with a live pod of the same owner that goes.
"""

from collections import defaultdict
from collections.abc import Mapping

from msgspec.structs import replace

from agent.model.action import Action
from agent.model.cause import Commit
from agent.model.cri import SandboxConfig
from agent.model.difference import Difference
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Seen
from agent.model.plan import FleetInput, HostPlan
from agent.model.value import Value
from agent.planner.host.comparing.compare import Comparison
from agent.planner.host.rendering.machine import Machine, machine
from agent.planner.host.rendering.render import render_pod
from agent.planner.host.rendering.rendered import RenderedPod
from agent.planner.pods import ObservedPod, observed_pods
from agent.planner.rehearsal import Rehearsal


class Succession(Value, frozen=True, kw_only=True):
    """Plans with rollouts compared to what runs; ``predecessors`` tells by pod which one it takes over from."""

    plans: Mapping[str, HostPlan]
    predecessors: Mapping[PodKey, PodKey]


def succession(rehearsal: Rehearsal, seen: FleetInput) -> Succession:
    """Find who takes over from whom, and say what differs."""
    wanted = {pod.key: pod for desired in rehearsal.fleet.desired.values() for pod in desired.pods}
    leaving = _leaving(rehearsal, seen)
    pairs: dict[PodKey, ObservedPod] = {}
    for action in _actions(rehearsal):
        owner = _owner(action)
        if action.verb == "create" and owner is not None and leaving[owner] and action.pod in wanted:
            pairs[action.pod] = _nearest(action.pod, leaving[owner])

    def compared(action: Action, host: str) -> Action:
        observation = seen.observations[host]
        if action.verb != "create" or action.pod not in pairs or not isinstance(observation, Seen):
            return action
        pod = wanted[action.pod]
        made = render_pod(pod, _machine(rehearsal, host, seen, observation))
        comparison = Comparison(spec_path=pod.spec_path, key=seen.key, spec=pod.spec)
        return replace(action, differences=_differences(made, pairs[action.pod], comparison))

    return Succession(
        plans={
            host: replace(plan, actions=tuple(compared(action, host) for action in plan.actions))
            for host, plan in rehearsal.plans.items()
        },
        predecessors=_one_each(pairs),
    )


def _machine(rehearsal: Rehearsal, host: str, given: FleetInput, seen: Seen) -> Machine:
    return machine(host, given.agent, given.key, seen.facts, rehearsal.fleet.desired[host].allotment)


def _one_each(pairs: Mapping[PodKey, ObservedPod]) -> Mapping[PodKey, PodKey]:
    """Return one successor for each pod that goes; what a scale-up adds takes nobody's place."""
    successors = {old.key: new for new, old in reversed(tuple(pairs.items()))}
    return {new: old for old, new in successors.items()}


def _actions(rehearsal: Rehearsal) -> list[Action]:
    return [action for plan in rehearsal.plans.values() for action in plan.actions]


def _owner(action: Action) -> ObjectKey | None:
    return action.cause.object if isinstance(action.cause, Commit) and action.cause.object.kind != "Pod" else None


def _leaving(rehearsal: Rehearsal, seen: FleetInput) -> Mapping[ObjectKey, list[ObservedPod]]:
    """Return the live pods that go, by owner."""
    live = {
        key: pod
        for observation in seen.observations.values()
        if isinstance(observation, Seen)
        for key, pod in observed_pods(observation, seen.agent).items()
    }
    found: dict[ObjectKey, list[ObservedPod]] = defaultdict(list)
    for action in _actions(rehearsal):
        owner = _owner(action)
        if action.verb == "remove" and owner is not None and action.pod in live:
            found[owner].append(live[action.pod])
    return found


def _nearest(pod: PodKey, leaving: list[ObservedPod]) -> ObservedPod:
    """Return the one with the same slot (the name's last part); all of a template are alike, so any other will do."""
    slot = pod.name.rpartition("-")[2]
    return next((one for one in leaving if one.key.name.rpartition("-")[2] == slot), leaving[0])


def _differences(wanted: RenderedPod, before: ObservedPod, comparison: Comparison) -> tuple[Difference, ...]:
    live = {name: container.config for name, container in before.current.items()}
    made = [container.config for container in (*wanted.init, *wanted.containers)]
    gone = sorted(live.keys() - {container.name for container in made})
    found = (
        *_sandbox(comparison, wanted.sandbox, before.sandbox.config),
        *(difference for config in made for difference in comparison.container(config, live.get(config.name))),
        *(
            Difference(path=f"{comparison.spec_path}.containers[{name}]", live=live[name].image, desired=None)
            for name in gone
        ),
    )
    # What only lies in the folder of another pod is no difference to a reader.
    return tuple(one for one in found if one.live != one.desired or one.sensitive)


def _sandbox(comparison: Comparison, made: SandboxConfig, live: SandboxConfig) -> tuple[Difference, ...]:
    # The hostname of a pod is its name, which is another one for every pod: no difference to a reader.
    return comparison.sandbox(replace(made, hostname=live.hostname), live)
