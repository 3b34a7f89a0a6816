"""The runtime calls, in order, that make, heal and take down a pod.

Whatever can fail without harm comes first: files are written and images pulled before anything that runs is stopped.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.action import (
    AnyStep,
    ContainerStop,
    MakeFolders,
    PullImage,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RunSandbox,
    StartContainer,
    StopContainers,
    StopSandbox,
    WriteFiles,
)
from agent.model.cri import SandboxConfig
from agent.model.labels import RESTART_STREAK, REVISION
from agent.model.observation import ContainerSeen, ImageSeen
from agent.model.value import Value
from agent.planner.backoff import streak
from agent.planner.host.identity import log_directory
from agent.planner.host.images import canonical
from agent.planner.host.render import RenderedContainer, RenderedPod
from agent.planner.host.view import HostView
from agent.planner.pods import ObservedPod

_UID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Pulls(Value, frozen=True, kw_only=True):
    """What to pull before containers can start.

    ``missing`` are images that the host does not have; ``refused`` says why some container can never start: its
    image is not there and must not be pulled.
    """

    steps: tuple[PullImage, ...] = ()
    missing: tuple[str, ...] = ()
    refused: str = ""


def pulls(containers: Sequence[RenderedContainer], store: Mapping[str, ImageSeen]) -> Pulls:
    """Return the pulls that containers need, each image once, as their pull policies ask for."""
    steps: dict[str, PullImage] = {}
    missing: dict[str, None] = {}
    for container in containers:
        image = container.config.image
        absent = canonical(image) not in store
        if absent and container.pull == "Never":
            return Pulls(
                refused=f"container {container.config.name}: ErrImageNeverPull, image {image} is not on the host "
                "and imagePullPolicy is Never"
            )
        if absent:
            missing[image] = None
        if container.pull == "Always" or (absent and image not in steps):
            steps[image] = PullImage(image=image, always=container.pull == "Always")
    return Pulls(steps=tuple(steps.values()), missing=tuple(missing))


def bring_up(wanted: RenderedPod, view: HostView, before: ObservedPod | None, ready: Pulls) -> tuple[AnyStep, ...]:
    """Return all steps to make a pod, in place of what is there ``before``."""
    files = [WriteFiles(trees=tuple(volume.tree for volume in wanted.volumes))] if wanted.volumes else []
    folders = (*wanted.folders, *(folder for container in wanted.containers for folder in container.folders))
    down = take_down(before, wanted) if before else ()
    return (MakeFolders(folders=folders), *files, *ready.steps, *down, *run(wanted, view, before))


def run(wanted: RenderedPod, view: HostView, before: ObservedPod | None) -> tuple[AnyStep, ...]:
    """Return the steps that start a sandbox and its containers, one attempt after those ``before``."""
    same = [one for one in before.sandboxes if one.config.uid == wanted.uid] if before else []
    attempt = max((one.config.attempt for one in same), default=-1) + 1
    sandbox = replace(
        wanted.sandbox,
        attempt=attempt,
        annotations={
            **wanted.sandbox.annotations,
            REVISION: view.revision,
            RESTART_STREAK: str(sandbox_streak(before, view) + 1) if same and before else "0",
        },
    )
    earlier = before.current if same and before else {}
    return (RunSandbox(config=sandbox), *(_again(one, sandbox, view, earlier) for one in wanted.containers))


def _again(
    container: RenderedContainer, sandbox: SandboxConfig, view: HostView, earlier: Mapping[str, ContainerSeen]
) -> StartContainer:
    before = earlier.get(container.config.name)
    if before is None:
        return start(container, None, sandbox, view, attempt=0)
    return start(container, None, sandbox, view, attempt=before.config.attempt + 1, crashes=streak(before))


def start(
    container: RenderedContainer,
    sandbox_id: str | None,
    sandbox: SandboxConfig,
    view: HostView,
    *,
    attempt: int,
    crashes: int = 0,
) -> StartContainer:
    """Return the step that makes and starts a container; ``crashes`` is the row of crashes that it continues."""
    config = replace(
        container.config,
        attempt=attempt,
        log_path=f"{container.config.name}/{attempt}.log",
        annotations={**container.config.annotations, REVISION: view.revision, RESTART_STREAK: str(crashes)},
    )
    return StartContainer(sandbox_id=sandbox_id, sandbox=sandbox, config=config)


def sandbox_streak(pod: ObservedPod, view: HostView) -> int:
    """Return how many sandboxes of a pod died in a row, each within ten minutes."""
    written = pod.sandbox.config.annotations.get(RESTART_STREAK, "0")
    lived = view.seen.at + view.seen.facts.clock_skew - pod.created_at
    calm = lived >= 600
    return 0 if calm or not (written.isascii() and written.isdigit() and len(written) < 4) else int(written)


def take_down(pod: ObservedPod, wanted: RenderedPod | None) -> tuple[AnyStep, ...]:
    """Return the steps that end a pod, gently, and forget it; its files go unless ``wanted`` is the same pod."""
    same = wanted is not None and wanted.uid == pod.uid
    grace = wanted.grace_period if wanted is not None and same else pod.grace_period
    stops = [
        step for name, found in pod.containers.items() for container in found for step in stop(container, name, grace)
    ]
    sandboxes = [
        step for one in pod.sandboxes for step in (StopSandbox(sandbox_id=one.id), RemoveSandbox(sandbox_id=one.id))
    ]
    kept = wanted.uid if wanted is not None else ""
    uids = dict.fromkeys(one.config.uid for one in pod.sandboxes if one.config.uid != kept)
    files = [RemovePodFiles(uid=uid, log_directory=log_directory(pod.key, uid)) for uid in uids if is_uid(uid)]
    return (*stops, *sandboxes, *files)


def stop(container: ContainerSeen, name: str, grace: int) -> tuple[StopContainers, ...]:
    """Return the step that stops a container, none when it does not run."""
    if container.state not in {"running", "unknown"}:
        return ()
    return (StopContainers(containers=(ContainerStop(container_id=container.id, name=name, grace=grace),)),)


def discard(container: ContainerSeen, name: str, grace: int) -> tuple[AnyStep, ...]:
    """Return the steps that stop a container and forget it."""
    return (*stop(container, name, grace), RemoveContainer(container_id=container.id, name=name))


def is_uid(text: str) -> bool:
    """Tell whether a text that a host showed can be a pod's uid, and so part of a path."""
    return _UID.fullmatch(text) is not None
