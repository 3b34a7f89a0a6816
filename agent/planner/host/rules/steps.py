"""The runtime calls, in order, that make, heal and take down a pod.

Whatever can fail without harm comes first: files are written and images pulled before anything that runs is stopped.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.action import (
    AnyStep,
    ForgetAttempt,
    MakeFolders,
    MountFilesystems,
    OwnVolumes,
    PullImage,
    RemovePodFiles,
    RemoveSandbox,
    RunSandbox,
    SetCgroup,
    StartContainer,
    StopSandbox,
    WriteEtcHosts,
    WriteFiles,
)
from agent.model.cri import Mount, SandboxConfig
from agent.model.files import Folder
from agent.model.imageuser import root_refusal
from agent.model.labels import (
    ATTEMPTS,
    INIT_CONTAINERS,
    RESTART_STREAK,
    RESTARTS_ASKED,
    REVISION,
    ROUND,
    STARTED,
    TERMINATION_MESSAGE,
)
from agent.model.observation import ContainerSeen, ImageSeen
from agent.model.value import Value
from agent.planner.backoff import delay, pause_end, streak
from agent.planner.host.identity import etc_hosts_path, log_directory, message_file, message_folder
from agent.planner.host.images import canonical
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod, VolumeImage
from agent.planner.host.rules import attempts
from agent.planner.host.rules.init_order import first
from agent.planner.host.rules.stopping import stop_all, stop_now
from agent.planner.host.view import HostView
from agent.planner.lastwords import last_annotation
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import asked_of

_UID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Made(Value, frozen=True, kw_only=True):
    """Steps, and the folders that must be there before them."""

    folders: tuple[Folder, ...] = ()
    steps: tuple[AnyStep, ...] = ()


class Pulls(Value, frozen=True, kw_only=True):
    """What to pull before containers can start.

    ``missing`` are images that the host does not have; ``refused`` says why some container can never start: its
    image is not there and must not be pulled.
    """

    steps: tuple[PullImage, ...] = ()
    missing: tuple[str, ...] = ()
    refused: str = ""


def pulls(
    containers: Sequence[RenderedContainer],
    store: Mapping[str, ImageSeen],
    later: Sequence[RenderedContainer] = (),
) -> Pulls:
    """Return the pulls that containers need, each image once, as their pull policies ask for.

    Images of those that start ``later`` are there before, too; for them a registry is asked again when one starts.
    """
    steps: dict[str, PullImage] = {}
    missing: dict[str, None] = {}
    for number, container in enumerate((*containers, *later)):
        starts = number < len(containers)
        name, image = container.config.name, container.config.image
        here = store.get(canonical(image))
        if here is not None and container.pull != "Always" and (refused := root_refusal(container.config, here.user)):
            return Pulls(refused=refused)
        for wanted in (VolumeImage(image=image, pull=container.pull, auths=container.auths), *container.mounted_images):
            absent = canonical(wanted.image) not in store
            if absent and wanted.pull == "Never":
                return Pulls(
                    refused=f"container {name}: ErrImageNeverPull, image {wanted.image} is not on the host "
                    "and imagePullPolicy is Never"
                )
            if absent:
                missing[wanted.image] = None
            always = wanted.pull == "Always" and starts
            if always or (absent and wanted.image not in steps):
                steps[wanted.image] = PullImage(image=wanted.image, always=always, auths=wanted.auths)
    return Pulls(steps=tuple(steps.values()), missing=tuple(missing))


def bring_up(
    wanted: RenderedPod, view: HostView, before: ObservedPod | None, ready: Pulls, *, afresh: bool = False
) -> tuple[AnyStep, ...]:
    """Return all steps to make a pod, in place of what is there ``before``; ``afresh`` after its files are gone."""
    made = run(wanted, view, before)
    files: tuple[AnyStep, ...] = (
        MakeFolders(folders=(*wanted.folders, *made.folders)),
        *((MountFilesystems(mounts=wanted.mounts),) if wanted.mounts else ()),
        *((WriteFiles(trees=tuple(volume.tree for volume in wanted.volumes)),) if wanted.volumes else ()),
        *((OwnVolumes(volumes=wanted.owned),) if wanted.owned else ()),
    )
    down = take_down(before, wanted, forget=afresh) if before else ()
    if afresh:
        return (*ready.steps, *down, *files, *made.steps)
    return (*files, *ready.steps, *down, *made.steps)


def run(wanted: RenderedPod, view: HostView, before: ObservedPod | None) -> Made:
    """Return the steps that start a sandbox, and in it what comes first, one attempt after those ``before``."""
    earlier = before if before is not None and before.uid == wanted.uid else None
    sandbox = _sandbox(wanted, view, earlier)
    starting = [start(one, None, wanted, sandbox, view) for one in first(wanted)]
    cgroup = [SetCgroup(cgroup=wanted.cgroup)] if wanted.cgroup is not None else []
    hosts = [WriteEtcHosts(path=etc_hosts_path(wanted.uid), entry=wanted.etc_hosts)] if wanted.etc_hosts else []
    return Made(
        folders=tuple(folder for made in starting for folder in made.folders),
        steps=(*cgroup, RunSandbox(config=sandbox), *hosts, *(step for made in starting for step in made.steps)),
    )


def _sandbox(wanted: RenderedPod, view: HostView, before: ObservedPod | None) -> SandboxConfig:
    """Return the sandbox of a pod, and in its annotations what must be known of those ``before`` it."""
    annotations = {
        **wanted.sandbox.annotations,
        REVISION: view.revision,
        RESTART_STREAK: "0",
        STARTED: f"{view.now:.3f}",
        **({INIT_CONTAINERS: str(len(wanted.init))} if wanted.init else {}),
    }
    if before is None:
        return replace(wanted.sandbox, annotations=annotations)
    same = [one for one in before.sandboxes if one.config.uid == wanted.uid]
    annotations[RESTART_STREAK] = str(sandbox_streak(before, view) + 1)
    annotations[STARTED] = before.sandbox.config.annotations.get(STARTED, annotations[STARTED])
    if counted := attempts.written(before):
        annotations[ATTEMPTS] = counted
    return replace(wanted.sandbox, attempt=max(one.config.attempt for one in same) + 1, annotations=annotations)


def start(
    container: RenderedContainer,
    sandbox_id: str | None,
    wanted: RenderedPod,
    sandbox: SandboxConfig,
    view: HostView,
    *,
    before: ContainerSeen | None = None,
    failed: bool = False,
    round_: int = 0,
) -> Made:
    """Return what makes and starts a container, one attempt after the one ``before``.

    Where there is none, the sandbox knows how often it was started in those before it. ``failed`` says that it
    crashed: the next one continues the row of crashes that back-off counts. ``round_`` is that of the pod.
    """
    name = container.config.name
    if before is None:
        attempt, crashes, asked = attempts.first(sandbox, name)
    else:
        host_now = view.now + view.seen.facts.clock_skew
        attempt, crashes = before.config.attempt + 1, streak(before, host_now) + 1 if failed else 0
        asked = asked_of(before.config) + (before.state == "running" and not failed)
    mounts, message = _mounts(container, wanted.uid, attempt)
    config = replace(
        container.config,
        attempt=attempt,
        log_path=f"{name}/{attempt}.log",
        mounts=mounts,
        annotations={
            **container.config.annotations,
            REVISION: view.revision,
            RESTART_STREAK: str(crashes),
            **({ROUND: str(round_)} if round_ else {}),
            **({RESTARTS_ASKED: str(asked)} if asked else {}),
            **last_annotation(before),
        },
    )
    step = StartContainer(
        sandbox_id=sandbox_id,
        sandbox=sandbox,
        config=config,
        post_start=container.post_start,
        grace=wanted.grace_period,
    )
    log = (Folder(path=message, mode=0o666, kind="file"),) if message else ()
    return Made(folders=log, steps=(step, *_forgotten(name, attempt - 2, wanted.uid, sandbox)))


def _forgotten(name: str, attempt: int, uid: str, sandbox: SandboxConfig) -> tuple[ForgetAttempt, ...]:
    """Return the step that keeps the files of a container that crashes for weeks from growing without end."""
    if attempt < 0:
        return ()
    log = f"{sandbox.log_directory}/{name}/{attempt}.log"
    return (ForgetAttempt(log=log, message=message_file(uid, name, attempt)),)


def _mounts(container: RenderedContainer, uid: str, attempt: int) -> tuple[tuple[Mount, ...], str]:
    """Return what an attempt of a container mounts, with the file in which it says why it ends, and that file.

    There is none where the container mounts something at that path itself.
    """
    mounts = container.config.mounts
    path = container.config.annotations.get(TERMINATION_MESSAGE, "").rpartition(" ")[0]
    others = tuple(one for one in mounts if not one.host_path.startswith(message_folder(uid)))
    if not path or any(one.container_path == path for one in others):
        return mounts, ""
    message = message_file(uid, container.config.name, attempt)
    return tuple(sorted((*others, Mount(container_path=path, host_path=message)))), message


def made_again_at(pod: ObservedPod, view: HostView) -> float:
    """Return when a pod may be made anew, which takes longer each time in a row; by the agent's clock, 0 at once."""
    return pause_end(pod.created_at - view.seen.facts.clock_skew, delay(sandbox_streak(pod, view)), view.now)


def sandbox_streak(pod: ObservedPod, view: HostView) -> int:
    """Return how many sandboxes of a pod died in a row, each within ten minutes."""
    written = pod.sandbox.config.annotations.get(RESTART_STREAK, "0")
    lived = view.seen.at + view.seen.facts.clock_skew - pod.created_at
    calm = lived >= 600
    return 0 if calm or not (written.isascii() and written.isdigit() and len(written) < 4) else int(written)


def take_down(
    pod: ObservedPod, wanted: RenderedPod | None, *, forget: bool = False, at_once: bool = False
) -> tuple[AnyStep, ...]:
    """Return the steps that end a pod, gently unless that has to be ``at_once``, and forget it.

    Its files go unless ``wanted`` is the same pod and nobody asks to ``forget`` them, too.
    """
    same = wanted is not None and wanted.uid == pod.uid
    grace = wanted.grace_period if wanted is not None and same else pod.grace_period
    sandboxes = [
        step for one in pod.sandboxes for step in (StopSandbox(sandbox_id=one.id), RemoveSandbox(sandbox_id=one.id))
    ]
    kept = wanted.uid if wanted is not None and not forget else ""
    gone = {one.config.uid: one.config.cgroup_parent for one in pod.sandboxes if one.config.uid != kept}
    files = [
        RemovePodFiles(uid=uid, log_directory=log_directory(pod.key, uid), cgroup_parent=own_cgroup(parent, uid))
        for uid, parent in gone.items()
        if is_uid(uid)
    ]
    return (*(stop_now(pod) if at_once else stop_all(pod, grace)), *sandboxes, *files)


def remounts(wanted: RenderedPod, view: HostView) -> tuple[MountFilesystems, ...]:
    """Return the step that mounts what is not mounted any more: a container must never write below a lost mount."""
    lost = tuple(one for one in wanted.mounts if one.path not in view.seen.mounts)
    return (MountFilesystems(mounts=lost),) if lost else ()


def own_cgroup(parent: str, uid: str) -> str:
    """Return a sandbox's cgroup parent where it is the pod's own; empty where other pods share it."""
    return parent if uid in parent or uid.replace("-", "_") in parent else ""


def is_uid(text: str) -> bool:
    """Tell whether a text that a host showed can be a pod's uid, and so part of a path."""
    return _UID.fullmatch(text) is not None
