"""Stories for the golden files: what is declared, what a host shows, and the plan that follows."""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from agent.model.action import (
    Action,
    AnyStep,
    MakeFolders,
    PullImage,
    RemoveContainer,
    RunSandbox,
    StartContainer,
    StopContainers,
    WriteFiles,
)
from agent.model.cause import Cause, Commit
from agent.model.desired import DesiredPod, HostDesired, KeptPod, LeavingPod
from agent.model.labels import AGENT
from agent.model.objects.pod import (
    ConfigMapVolume,
    ContainerPort,
    EnvVar,
    EnvVarSource,
    KeyRef,
    Volume,
    VolumeMount,
)
from agent.model.observation import Observation, Seen, Unseen
from agent.model.plan import HostPlan
from tests.planner.host.build import (
    EMPTY,
    NOW,
    ROLLOUT,
    act,
    config_map,
    container,
    converge,
    desired,
    exited,
    plan,
    pod,
    pod_key,
    secret,
)

Scenario = tuple[HostDesired, Observation]


def shop(image: str = "shop:1", word: str = "hunter2", colour: str = "red") -> DesiredPod:
    """A pod with a bit of everything."""
    ref = EnvVarSource(secret_key_ref=KeyRef(name="password", key="token"))
    web = container(
        "web",
        image=image,
        env=(EnvVar(name="TOKEN", value_from=ref),),
        ports=(ContainerPort(container_port=8080, host_port=80),),
        volume_mounts=(VolumeMount(name="conf", mount_path="/etc/shop"),),
    )
    log = container("log", image="log:1", args=("--follow",))
    volume = Volume(name="conf", config_map=ConfigMapVolume(name="settings"))
    config = (config_map(shop__conf=f"colour = {colour}\n"), secret(token=word))
    return pod("shop", web, log, volumes=(volume,), config=config)


def first_start() -> Scenario:
    return desired(shop()), EMPTY


def new_image() -> Scenario:
    return desired(shop("shop:2")), converge(desired(shop()))


def new_settings_and_secret() -> Scenario:
    return desired(shop(colour="blue", word="swordfish")), converge(desired(shop()))


def killed_container() -> Scenario:
    return desired(shop()), exited(converge(desired(shop())), "web", code=137)


def crash_loop() -> Scenario:
    wanted = desired(shop())
    seen = exited(converge(wanted), "web")
    return wanted, exited(act(wanted, seen), "web")


def rebooted_host() -> Scenario:
    seen = exited(exited(converge(desired(shop())), "web", code=255), "log", code=255)
    sandboxes = tuple(replace(one, ready=False) for one in seen.sandboxes)
    files = {path: file for path, file in seen.files.items() if not path.startswith("/run/")}
    return desired(shop()), replace(seen, sandboxes=sandboxes, files=files)


def rollout() -> Scenario:
    """The pod that leaves has the host port that its successor needs; another old one stays for now."""
    old = replace(shop(), key=pod_key("shop-old"))
    slow = pod("slow-old")
    leaving = (LeavingPod(key=old.key, cause=ROLLOUT),)
    kept = (KeptPod(key=slow.key, cause=ROLLOUT),)
    return desired(shop("shop:2"), leaving=leaving, kept=kept), converge(desired(old, slow))


def emptied_repository() -> Scenario:
    """Of one pod it was said that it goes; the other came into sight only now."""
    return desired(
        leaving=(LeavingPod(key=pod_key("shop"), cause=replace(ROLLOUT, summary="no object declares it")),)
    ), converge(desired(shop(), pod("other")))


def unreachable_host() -> Scenario:
    return desired(shop()), Unseen(since=NOW, reason="no route to host", last_known=converge(desired(shop())))


SCENARIOS: Mapping[str, Callable[[], Scenario]] = {
    one.__name__: one
    for one in (
        first_start,
        new_image,
        new_settings_and_secret,
        killed_container,
        crash_loop,
        rebooted_host,
        rollout,
        emptied_repository,
        unreachable_host,
    )
}


def tell(name: str) -> str:
    """Return a scenario and its plan as a person reads them."""
    wanted, observation = SCENARIOS[name]()
    lines = ["declared:", *_declared(wanted), "observed:", *_observed(observation), "plan:"]
    return "\n".join([*lines, *_plan(plan(wanted, observation))]) + "\n"


def _declared(wanted: HostDesired) -> Iterator[str]:
    for one in wanted.pods:
        yield f"  {one.key}: {', '.join(f'{c.name} ({c.image})' for c in one.spec.containers)}"
    for kept in wanted.kept:
        yield f"  {kept.key}: kept"
    for leaving in wanted.leaving:
        yield f"  {leaving.key}: leaving"
    if not (wanted.pods or wanted.kept or wanted.leaving):
        yield "  nothing"


def _observed(observation: Observation) -> Iterator[str]:
    if not isinstance(observation, Seen):
        yield f"  not reachable: {observation.reason}"
        return
    for one in observation.sandboxes:
        owner = "ours" if AGENT in one.config.labels else "foreign"
        state = "ready" if one.ready else "not ready"
        yield f"  {one.config.namespace}/{one.config.name}: {owner}, {state}, attempt {one.config.attempt}"
        for inside in sorted(observation.containers, key=lambda each: each.config.name):
            if inside.sandbox_id == one.id:
                code = f" {inside.exit_code}" if inside.state == "exited" else ""
                config = inside.config
                yield f"    {config.name} ({config.image}): {inside.state}{code}, attempt {config.attempt}"
    if not observation.sandboxes:
        yield "  nothing"


def _plan(made: HostPlan) -> Iterator[str]:
    for action in made.actions:
        yield from _action(action)
    for entry in made.waiting:
        yield f"  waiting {entry.pod or entry.host} ({entry.reason}): {entry.message}"
    yield f"  unchanged: {made.unchanged}"
    if made.wake_at is not None:
        yield f"  look again in {made.wake_at - NOW:g} s"


def _action(action: Action) -> Iterator[str]:
    yield f"  {action.id}  [{action.rule}, {action.consequence}]"
    yield f"    because {_because(action.cause)}"
    if action.after:
        yield f"    after {', '.join(action.after)}"
    for one in action.differences:
        yield f"    {one.path}: {one.live} -> {one.desired}"
    for step in action.steps:
        yield f"    - {_step(step, action.uid)}"


def _because(cause: Cause) -> str:
    if isinstance(cause, Commit):
        return f"{cause.object} at {cause.location} {cause.path}: {cause.summary}".replace("  ", " ")
    return f"{cause.what}, seen at {cause.seen_at:g}"


def _step(step: AnyStep, uid: str) -> str:
    match step:
        case PullImage():
            detail = f"{step.image}{' (ask the registry)' if step.always else ''}"
        case MakeFolders():
            detail = " ".join(folder.path for folder in step.folders)
        case WriteFiles():
            detail = " ".join(f"{tree.root} ({', '.join(file.path for file in tree.files)})" for tree in step.trees)
        case RunSandbox() | StartContainer():
            detail = f"{step.config.name} attempt {step.config.attempt}"
        case StopContainers():
            detail = " ".join(f"{one.name} within {one.grace} s" for one in step.containers)
        case RemoveContainer():
            detail = step.name
        case _:
            detail = ""
    return f"{type(step).__name__} {detail}".replace(uid, "UID").rstrip()
