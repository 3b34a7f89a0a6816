"""Short ways to write desired pods and looks at a host."""

from collections.abc import Mapping

from msgspec.structs import replace

from agent.model.action import Action
from agent.model.cause import Commit
from agent.model.desired import ConfigData, DesiredPod, HostDesired, KeptPod, LeavingPod
from agent.model.objects.meta import ConfigKey, ObjectKey, PodKey
from agent.model.objects.pod import Container, PodSpec
from agent.model.observation import Observation, RuntimeFacts, Seen
from agent.model.origin import Location, Origin
from agent.model.plan import Failure, FingerprintKey, HostInput, HostPlan
from agent.planner.host import lint_plan, plan_host, project_action
from agent.planner.pods import ObservedPod, observed_pods

ROLLOUT = Commit(
    revision="c0ffee",
    object=ObjectKey(kind="Deployment", namespace="default", name="web"),
    location=Location(file="apps/web.yaml"),
    summary="image changed",
)
KEY = FingerprintKey(value=b"k" * 32)
FACTS = RuntimeFacts(version="1.6.20", cpu_millis=4000, memory_bytes=8 << 30)
EMPTY = Seen(at=1000.0, facts=FACTS)
NOW = 1000.0


def pod_key(name: str = "web") -> PodKey:
    return PodKey(namespace="default", name=name)


def container(name: str = "web", image: str = "nginx:1.27", **fields: object) -> Container:
    return Container(name=name, image=image, **fields)  # type: ignore[arg-type]  # a test's shorthand


def pod(name: str = "web", *containers: Container, config: tuple[ConfigData, ...] = (), **spec: object) -> DesiredPod:
    return DesiredPod(
        key=pod_key(name),
        owner=ObjectKey(kind="Pod", namespace="default", name=name),
        origin=Origin(file=f"apps/{name}.yaml", line=3),
        spec_path="spec",
        spec=PodSpec(containers=containers or (container(),), **spec),  # type: ignore[arg-type]  # same
        labels={"app": name},
        config={one.key: one for one in config},
    )


def config_map(name: str = "settings", **entries: str) -> ConfigData:
    return _data("ConfigMap", name, entries)


def secret(name: str = "password", **entries: str) -> ConfigData:
    return _data("Secret", name, entries)


def _data(kind: str, name: str, entries: Mapping[str, str]) -> ConfigData:
    return ConfigData(
        key=ConfigKey(kind=kind, name=name),
        entries={key.replace("__", "."): text.encode() for key, text in entries.items()},
        origin=Origin(file=f"apps/{name}.yaml", line=7),
    )


def desired(*pods: DesiredPod, kept: tuple[KeptPod, ...] = (), leaving: tuple[LeavingPod, ...] = ()) -> HostDesired:
    ordered = tuple(sorted(pods, key=lambda one: one.key))
    return HostDesired(host="edge-1", agent="prod", revision="c0ffee" * 6, pods=ordered, kept=kept, leaving=leaving)


def plan(
    wanted: HostDesired, seen: Observation, now: float = NOW, failures: Mapping[PodKey, Failure] | None = None
) -> HostPlan:
    """Plan, and hold the plan to the laws."""
    given = HostInput(desired=wanted, observation=seen, key=KEY, now=now, failures=failures or {})
    made = plan_host(given)
    findings = lint_plan(given, made)
    assert not findings, findings
    return made


def act(wanted: HostDesired, seen: Seen, now: float = NOW) -> Seen:
    """Do one plan, actions in an order that their ``after`` allows."""
    actions, done = list(plan(wanted, seen, now).actions), set[str]()
    while actions:
        ready = next(action for action in actions if done.issuperset(action.after))
        seen = project_action(seen, ready, now)
        done.add(ready.id)
        actions.remove(ready)
    return seen


def converge(wanted: HostDesired, seen: Seen = EMPTY, now: float = NOW, rounds: int = 12) -> Seen:
    """Plan and act until there is nothing to do, letting time pass where the plan waits for it."""
    for _ in range(rounds):
        made = plan(wanted, seen, now)
        if not made.actions and made.wake_at is None:
            return seen
        now = max(now + 1, made.wake_at or now) if not made.actions else now + 1
        seen = act(wanted, seen, now)
    raise AssertionError(f"does not converge: {plan(wanted, seen, now)}")


def live(seen: Seen, name: str = "web") -> ObservedPod:
    return observed_pods(seen, "prod")[pod_key(name)]


def with_container(seen: Seen, name: str, **fields: object) -> Seen:
    """Change what is seen of the containers of one name."""
    changed = tuple(replace(one, **fields) if one.config.name == name else one for one in seen.containers)
    return replace(seen, containers=changed)


def exited(seen: Seen, name: str = "web", code: int = 1, at: float = NOW, ran: float = 1.0) -> Seen:
    return with_container(
        seen, name, state="exited", exit_code=code, started_at=at - ran, finished_at=at, reason="Error" if code else ""
    )


def only(made: HostPlan) -> Action:
    (action,) = made.actions
    return action
