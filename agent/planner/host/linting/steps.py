"""Checks of the steps of one action: everything referred to is there, is ours, and stays in our folders."""

from collections.abc import Iterable, Iterator

from agent.model.action import (
    Action,
    AnyStep,
    MakeVolume,
    PullImage,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RemoveVolume,
    ResizeContainer,
    RunSandbox,
    StartContainer,
    StopContainers,
    StopSandbox,
)
from agent.model.labels import AGENT
from agent.model.observation import Seen
from agent.model.plan import HostInput
from agent.planner.host import identity
from agent.planner.host.images import canonical, image_store
from agent.planner.host.linting.places import lint_places
from agent.planner.host.rules.claims import lint_volume
from agent.planner.host.rules.steps import is_uid


def lint_steps(action: Action, given: HostInput, seen: Seen) -> Iterator[str]:
    """Yield what is wrong with the steps of an action."""
    agent, pod = given.desired.agent, (action.pod.namespace, action.pod.name)
    mine = {
        one.id
        for one in seen.sandboxes
        if one.config.labels.get(AGENT) == agent and (one.config.namespace, one.config.name) == pod
    }
    inside = {one.id for one in seen.containers if one.sandbox_id in mine}
    for number, step in enumerate(action.steps):
        earlier = action.steps[:number]
        match step:
            case StopContainers():
                yield from _inside((one.container_id for one in step.containers), inside)
            case RemoveContainer() | ResizeContainer():
                yield from _inside((step.container_id,), inside)
            case StopSandbox() | RemoveSandbox():
                yield from _ended_sandbox(step, earlier, mine)
            case RunSandbox():
                yield from _sandbox(step, action, agent)
            case StartContainer():
                yield from _start(step, earlier, mine, inside, agent)
                yield from _image(step, earlier, seen)
            case MakeVolume() | RemoveVolume():
                yield from lint_volume(step, given, seen)
            case RemovePodFiles():
                yield from _removal(step, action, seen)
            case _:
                yield from lint_places(step, action, given)


def _inside(containers: Iterable[str], inside: set[str]) -> Iterator[str]:
    for one in containers:
        if one not in inside:
            yield f"container {one} is not in a sandbox of this pod of ours"


def _ended_sandbox(step: StopSandbox | RemoveSandbox, earlier: tuple[AnyStep, ...], mine: set[str]) -> Iterator[str]:
    if step.sandbox_id not in mine:
        yield f"sandbox {step.sandbox_id} is not one of this pod of ours"
    if isinstance(step, RemoveSandbox) and StopSandbox(sandbox_id=step.sandbox_id) not in earlier:
        yield f"sandbox {step.sandbox_id} is removed without being stopped"


def _sandbox(step: RunSandbox, action: Action, agent: str) -> Iterator[str]:
    config = step.config
    if config.labels.get(AGENT) != agent:
        yield "the new sandbox does not carry our label"
    if (config.namespace, config.name, config.uid) != (action.pod.namespace, action.pod.name, action.uid):
        yield "the new sandbox is of another pod"


def _start(
    step: StartContainer, earlier: tuple[AnyStep, ...], mine: set[str], inside: set[str], agent: str
) -> Iterator[str]:
    if step.sandbox_id is None and not any(isinstance(one, RunSandbox) for one in earlier):
        yield f"container {step.config.name} is started before there is a sandbox"
    if step.sandbox_id is not None and step.sandbox_id not in mine:
        yield f"container {step.config.name} is started in sandbox {step.sandbox_id}, which is not one of this pod"
    if step.container_id is not None and step.container_id not in inside:
        yield f"container {step.container_id} is not there to be started"
    if step.config.labels.get(AGENT) != agent:
        yield f"container {step.config.name} does not carry our label"


def _image(step: StartContainer, earlier: tuple[AnyStep, ...], seen: Seen) -> Iterator[str]:
    image = step.config.image
    pulled = any(isinstance(one, PullImage) and one.image == image for one in earlier)
    if step.container_id is None and not pulled and canonical(image) not in image_store(seen):
        yield f"image {image} is neither on the host nor pulled first"


def _removal(step: RemovePodFiles, action: Action, seen: Seen) -> Iterator[str]:
    ended = {one.sandbox_id for one in action.steps if isinstance(one, StopSandbox)}
    if not is_uid(step.uid):
        yield f"{step.uid!r} is no uid of a pod"
    if step.log_directory not in {"", identity.log_directory(action.pod, step.uid)}:
        yield f"{step.log_directory} is not the log directory of this pod"
    if any(one.config.uid == step.uid and one.id not in ended for one in seen.sandboxes):
        yield f"the files of uid {step.uid} are still in use"
