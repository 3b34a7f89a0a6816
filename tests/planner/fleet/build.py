"""Short ways to declare a fleet, and a world of projected hosts in which plans are carried out."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from agent.model.action import Action
from agent.model.intstr import IntOrString
from agent.model.memory import Memory
from agent.model.objects import (
    ConfigMap,
    Declared,
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    Host,
    HostSpec,
    ObjectKey,
    ObjectMeta,
    Pod,
    RollingUpdate,
    Secret,
)
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.host import Taint
from agent.model.objects.pod import Container, PodSpec, PodTemplate, PodTemplateMeta, ResourceRequirements
from agent.model.objects.selector import LabelSelector
from agent.model.observation import Observation, RuntimeFacts, Seen, Unseen, last_known
from agent.model.origin import Origin, Revision
from agent.model.plan import FingerprintKey, FleetInput, FleetPlan, HostInput
from agent.model.status import ObjectStatus
from agent.planner.fleet import plan_fleet
from agent.planner.host import lint_plan, plan_host, project, project_action
from agent.planner.live import Live
from agent.planner.pods import observed_pods
from agent.planner.template import Template
from agent.planner.workload import Scope

KEY = FingerprintKey(value=b"k" * 32)
FACTS = RuntimeFacts(cpu_millis=4000, memory_bytes=8 << 30)
Step = tuple[str, str, str]
"""Host, verb, pod: one line of a story."""


def host(name: str, *, labels: Mapping[str, str] | None = None, taints: tuple[Taint, ...] = (), **spec: Any) -> Host:
    return Host(metadata=ObjectMeta(name=name, labels=labels or {}), spec=HostSpec(local=True, taints=taints, **spec))


def container(image: str = "app:1", name: str = "app", cpu: str = "", **fields: Any) -> Container:
    resources = ResourceRequirements(requests={"cpu": cpu} if cpu else {})
    return Container(name=name, image=image, image_pull_policy="IfNotPresent", resources=resources, **fields)


def rolling(surge: IntOrString, unavailable: IntOrString) -> DeploymentStrategy:
    return DeploymentStrategy(rolling_update=RollingUpdate(max_surge=surge, max_unavailable=unavailable))


RECREATE = DeploymentStrategy(type="Recreate")


def deployment(
    replicas: int = 3, *containers: Container, name: str = "web", pod: dict[str, Any] | None = None, **spec: Any
) -> Deployment:
    """Declare a Deployment; `pod` are more fields of its pods' spec."""
    return Deployment(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=DeploymentSpec(
            selector=LabelSelector(match_labels={"app": name}),
            replicas=replicas,
            template=PodTemplate(
                metadata=PodTemplateMeta(labels={"app": name}),
                spec=PodSpec(containers=containers or (container(),), **(pod or {})),
            ),
            **{"strategy": rolling("25%", "25%"), **spec},
        ),
    )


def pod(name: str = "one", *containers: Container, **spec: Any) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", labels={"app": name}),
        spec=PodSpec(containers=containers or (container(),), **spec),
    )


def config_map(name: str = "settings", **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data=data)


def secret(name: str = "password", **data: str) -> Secret:
    return Secret(metadata=ObjectMeta(name=name, namespace="default"), string_data=data)


def declared(body: AnyObject) -> Declared[AnyObject]:
    key = ObjectKey(kind=body.kind, namespace=body.metadata.namespace, name=body.metadata.name)
    return Declared(key=key, body=body, origin=Origin(file=f"apps/{body.metadata.name}.yaml", line=3))


def fleet(*objects: AnyObject, revision: int = 1) -> Fleet:
    found = sorted((declared(body) for body in objects), key=lambda one: one.key)
    return Fleet(revision=Revision(id=f"{revision:040x}"), objects={one.key: one for one in found})


def scope(
    template: Template,
    live: Sequence[Live],
    *,
    memory: Memory = Memory(),  # noqa: B008 -- frozen
    now: float = 100.0,
    taken: frozenset[str] = frozenset(),
    replicas: int | None = None,
    hosts: Sequence[Host] = (),
    earlier: Mapping[str, Template] | None = None,
    observations: Mapping[str, Observation] | None = None,
) -> Scope:
    """Return what a workload decides from."""
    machines = {one.metadata.name: declared(one) for one in hosts}
    given = FleetInput(
        agent="prod", fleet=fleet(*hosts), observations=observations or {}, memory=memory, key=KEY, now=now
    )
    return Scope(
        given=given,
        hosts=machines,  # type: ignore[arg-type]  # a Declared[Host] each is
        template=template,
        live=live,
        earlier=earlier or {},
        taken=taken,
        replicas=replicas,
    )


class World:
    """Hosts that do what plans say. Time passes by a second an act, and to when somebody wants to be woken."""

    def __init__(self, *objects: AnyObject, hosts: Iterable[Host | str] = ("a", "b", "c")) -> None:
        self.now = 1000.0
        self.hosts = [host(one) if isinstance(one, str) else one for one in hosts]
        self.observations: dict[str, Observation] = {
            one.metadata.name: Seen(at=self.now, facts=FACTS) for one in self.hosts
        }
        self.memory = Memory()
        self.prune = True
        self.revision = 0
        self.declare(*objects)

    def declare(self, *objects: AnyObject) -> None:
        """Put a new revision in force: these objects and the hosts."""
        self.revision += 1
        self.before = getattr(self, "fleet", None)
        self.objects = objects
        self.fleet = fleet(*self.hosts, *objects, revision=self.revision)

    @property
    def given(self) -> FleetInput:
        return FleetInput(
            agent="prod",
            fleet=self.fleet,
            observations=self.observations,
            memory=self.memory,
            key=KEY,
            now=self.now,
            prune=self.prune,
            before=self.before,
        )

    def plan(self) -> FleetPlan:
        """Plan the fleet and remember what has to be remembered."""
        plan = plan_fleet(self.given)
        self.memory = plan.memory
        return plan

    def actions(self, plan: FleetPlan) -> list[tuple[str, Action]]:
        found = []
        for name, desired in plan.desired.items():
            given = HostInput(desired=desired, observation=self.observations[name], key=KEY, now=self.now)
            made = plan_host(given)
            assert lint_plan(given, made) == (), name
            found += [(name, action) for action in made.actions]
        return found

    def do(self, name: str, action: Action, steps: int | None = None) -> None:
        """Do an action, or its first steps."""
        seen = self.seen(name)
        if steps is None:
            self.observations[name] = project_action(seen, action, self.now)
        else:
            for step in action.steps[:steps]:
                seen = project(seen, step, self.now)
            self.observations[name] = seen

    def act(self, choose: Callable[[list[tuple[str, Action]]], list[tuple[str, Action]]] = list) -> list[Step]:
        """Plan once and do what is chosen of it."""
        done = choose(self.actions(self.plan()))
        for name, action in done:
            self.do(name, action)
        self.now += 1 if done else 0
        return [(name, action.verb, action.pod.name) for name, action in done]

    def settle(self, rounds: int = 60) -> list[list[Step]]:
        """Plan and act until there is nothing to do and nothing to wait for; return what was done, by round."""
        story = []
        for _ in range(rounds):
            plan = self.plan()
            if steps := self.act():
                story.append(steps)
                continue
            times = [plan.wake_at or 0.0, *(self._wake(plan, name) for name in plan.desired)]
            later = [time for time in times if time > self.now]
            if not later:
                return story
            self.now = min(later)
        raise AssertionError(f"does not settle: {self.plan().waiting}")

    def _wake(self, plan: FleetPlan, name: str) -> float:
        given = HostInput(desired=plan.desired[name], observation=self.observations[name], key=KEY, now=self.now)
        return plan_host(given).wake_at or 0.0

    def seen(self, name: str) -> Seen:
        observation = self.observations[name]
        assert isinstance(observation, Seen), f"{name} is unseen"
        return observation

    def pods(self) -> dict[str, list[str]]:
        """Return the names of the pods on each host, as far as known."""
        return {
            name: [key.name for key in observed_pods(known, "prod")]
            for name, observation in sorted(self.observations.items())
            if (known := last_known(observation)) is not None
        }

    def names(self) -> list[str]:
        return sorted(name for found in self.pods().values() for name in found)

    def host_of(self, name: str) -> str:
        return next(place for place, found in self.pods().items() if name in found)

    def lose(self, name: str, *, forget: bool = False) -> Observation:
        """Let a host become unreachable; with `forget` as after a restart of the agent. Returns how it was."""
        before = self.observations[name]
        self.observations[name] = Unseen(
            since=self.now, reason="no route to host", last_known=None if forget else last_known(before)
        )
        return before

    def kill(self, name: str, exit_code: int = 1) -> None:
        """Let the containers of a pod exit."""
        place = self.host_of(name)
        seen = self.seen(place)
        inside = {one.id for one in seen.sandboxes if one.config.name == name}
        self.observations[place] = replace(
            seen,
            containers=tuple(
                replace(one, state="exited", exit_code=exit_code, finished_at=self.now)
                if one.sandbox_id in inside
                else one
                for one in seen.containers
            ),
        )

    def vanish(self, name: str) -> None:
        """Take a pod off its host by hand."""
        place = self.host_of(name)
        seen = self.seen(place)
        inside = {one.id for one in seen.sandboxes if one.config.name == name}
        self.observations[place] = replace(
            seen,
            sandboxes=tuple(one for one in seen.sandboxes if one.id not in inside),
            containers=tuple(one for one in seen.containers if one.sandbox_id not in inside),
        )

    def status(self, name: str = "web", kind: str = "Deployment") -> ObjectStatus:
        return next(one for one in self.plan().statuses if one.key.kind == kind and one.key.name == name)

    def messages(self) -> list[str]:
        return [one.message for one in self.plan().waiting]


def slots(names: Iterable[str]) -> list[str]:
    """Return pod names without the template's hash: `web-0`."""
    return sorted(f"{name.rsplit('-', 2)[0]}-{name.rsplit('-', 1)[1]}" for name in names)
