"""What a step does to a host, as a pure function of a look at it: for rehearsals and for simulated hosts."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from msgspec.structs import replace

from agent.model.action import (
    Action,
    AnyStep,
    ForgetAttempt,
    MakeFolders,
    MakeVolume,
    MountFilesystems,
    OwnVolumes,
    PullImage,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RemoveVolume,
    ResizeContainer,
    RunSandbox,
    SetCgroup,
    StartContainer,
    StopContainers,
    StopSandbox,
    WriteEtcHosts,
    WriteFiles,
)
from agent.model.cri import SandboxConfig
from agent.model.etc_hosts import etc_hosts
from agent.model.files import FileSeen
from agent.model.labels import PODS_DIR, PROBES, SECRETS_DIR
from agent.model.observation import ContainerSeen, ImageSeen, SandboxSeen, Seen
from agent.model.probing import Health
from agent.model.volumes import VolumeSeen
from agent.planner.host.images import canonical, image_store
from agent.planner.host.rendering.volumes import layout
from agent.planner.restartpolicy import role_of

_KILLED: Final = 137
_ROOTS: Final = (f"{PODS_DIR}/", f"{SECRETS_DIR}/")

Registry = Callable[[str], str]
"""Says which image (``sha256:…``) a canonical reference means now."""

S = TypeVar("S", SandboxSeen, ContainerSeen, ImageSeen)


class Impossible(ValueError):
    """A step that a runtime would refuse; the message says why."""


def fixed_registry(reference: str) -> str:
    """Return an image for a reference, always the same: a registry in which no tag ever moves."""
    return f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}"


def project_action(seen: Seen, action: Action, now: float, registry: Registry = fixed_registry) -> Seen:
    """Return a host after all steps of an action. Raises Impossible."""
    for step in action.steps:
        seen = project(seen, step, now, registry)
    return seen


def project(seen: Seen, step: AnyStep, now: float, registry: Registry = fixed_registry) -> Seen:
    """Return a host after one step.

    Ids follow from uid, name and attempt, so a ``StartContainer`` finds the sandbox of its action's ``RunSandbox``
    by its configuration; nothing has to be handed from step to step. Raises Impossible for what a runtime refuses.
    """
    after = _effect(seen, step, now, registry)
    return replace(after, at=now)


def sandbox_id(config: SandboxConfig) -> str:
    """Return the id that a projected sandbox has."""
    return _id("sandbox", config.namespace, config.name, config.uid, str(config.attempt))


def container_id(sandbox: str, name: str, attempt: int) -> str:
    """Return the id that a projected container has."""
    return _id("container", sandbox, name, str(attempt))


def _id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _effect(seen: Seen, step: AnyStep, now: float, registry: Registry) -> Seen:  # noqa: C901 -- one line a step
    match step:
        case PullImage():
            after = _pull(seen, step, registry)
        case MakeFolders():
            after = _with_dirs(seen, (folder.path for folder in step.folders))
        case WriteFiles():
            after = _write(seen, step)
        case RunSandbox():
            after = _run(seen, step, now)
        case StartContainer():
            after = _start(seen, step, now)
        case RemovePodFiles():
            after = _without_files(seen, step)
        case ResizeContainer():
            after = _resized(seen, step)
        case MountFilesystems():
            after = replace(seen, mounts=tuple(sorted({*seen.mounts, *(mount.path for mount in step.mounts)})))
        case MakeVolume() | RemoveVolume():
            kept = {one for one in seen.volumes if one.mark != step.mark}
            made = {VolumeSeen(mark=step.mark)} if isinstance(step, MakeVolume) else set[VolumeSeen]()
            after = replace(seen, volumes=tuple(sorted(kept | made)))
        case WriteEtcHosts():
            after = _hosts_file(seen, step)
        case ForgetAttempt() | OwnVolumes() | SetCgroup():
            after = seen
        case StopContainers() | RemoveContainer() | StopSandbox() | RemoveSandbox():
            after = _end(seen, step, now)
    return after


def _end(seen: Seen, step: StopContainers | RemoveContainer | StopSandbox | RemoveSandbox, now: float) -> Seen:
    sandboxes, containers = seen.sandboxes, seen.containers
    match step:
        case StopContainers():
            stopped = {one.container_id for one in step.containers}
            containers = tuple(_stopped(one, now) if one.id in stopped else one for one in containers)
        case RemoveContainer():
            containers = tuple(one for one in containers if one.id != step.container_id)
        case StopSandbox():
            sandboxes = tuple(
                replace(one, ready=False, ips=()) if one.id == step.sandbox_id else one for one in sandboxes
            )
            containers = tuple(_stopped(one, now) if one.sandbox_id == step.sandbox_id else one for one in containers)
        case RemoveSandbox():
            sandboxes = tuple(one for one in sandboxes if one.id != step.sandbox_id)
            containers = tuple(one for one in containers if one.sandbox_id != step.sandbox_id)
    return replace(seen, sandboxes=sandboxes, containers=containers)


def _resized(seen: Seen, step: ResizeContainer) -> Seen:
    return replace(
        seen,
        containers=tuple(
            replace(one, config=replace(one.config, resources=step.resources)) if one.id == step.container_id else one
            for one in seen.containers
        ),
    )


def _hosts_file(seen: Seen, step: WriteEtcHosts) -> Seen:
    mine = [one.ips for one in seen.sandboxes if one.ready and step.path.startswith(f"{PODS_DIR}/{one.config.uid}/")]
    ips = step.ips or next(iter(mine), ())
    text = etc_hosts(step.entry, ips)
    written = FileSeen(sha256=hashlib.sha256(text.encode()).hexdigest(), mode=0o644)
    return replace(seen, files=dict(sorted({**seen.files, step.path: written}.items())))


def _without_files(seen: Seen, step: RemovePodFiles) -> Seen:
    mine = tuple(f"{root}{step.uid}/" for root in _ROOTS)
    return replace(
        seen,
        files={path: file for path, file in seen.files.items() if not path.startswith(mine)},
        pod_dirs=tuple(uid for uid in seen.pod_dirs if uid != step.uid),
    )


def _pull(seen: Seen, step: PullImage, registry: Registry) -> Seen:
    name = canonical(step.image)
    store = image_store(seen)
    if name in store and not step.always:
        return seen
    pulled = ImageSeen(id=registry(name))
    images = {
        one.id: replace(one, tags=tuple(tag for tag in one.tags if canonical(tag) != name)) for one in seen.images
    }
    known = images.get(pulled.id, pulled)
    if "@" in name:
        images[pulled.id] = replace(known, digests=tuple(sorted({*known.digests, name})))
    else:
        repository = name.rpartition(":")[0]
        images[pulled.id] = replace(
            known,
            tags=tuple(sorted({*known.tags, name})),
            digests=tuple(sorted({*known.digests, f"{repository}@{pulled.id}"})),
        )
    return replace(seen, images=_by_id(images.values()))


def _write(seen: Seen, step: WriteFiles) -> Seen:
    files = dict(seen.files)
    for tree in step.trees:
        below = f"{tree.root}/"
        files = {path: file for path, file in files.items() if not path.startswith(below)}
        files |= {f"{below}{path}": file for path, file in layout(tree).items()}
    after = replace(seen, files={path: files[path] for path in sorted(files)})
    return _with_dirs(after, (tree.root for tree in step.trees))


def _with_dirs(seen: Seen, paths: Iterable[str]) -> Seen:
    uids = {path[len(root) :].split("/", 1)[0] for path in paths for root in _ROOTS if path.startswith(root)}
    return replace(seen, pod_dirs=tuple(sorted({*seen.pod_dirs, *uids})))


def _run(seen: Seen, step: RunSandbox, now: float) -> Seen:
    config = step.config
    identity = (config.name, config.namespace, config.uid, config.attempt)
    if any(
        (one.config.name, one.config.namespace, one.config.uid, one.config.attempt) == identity
        for one in seen.sandboxes
    ):
        raise Impossible(f"sandbox name {'_'.join(map(str, identity))} is reserved")
    made = SandboxSeen(
        id=sandbox_id(config),
        config=config,
        ready=True,
        created_at=now,
        ips=() if config.host_network else (_free_address(seen),),
    )
    return replace(seen, sandboxes=_by_id((*seen.sandboxes, made)))


def _free_address(seen: Seen) -> str:
    held = {address for one in seen.sandboxes for address in one.ips}
    number = next(number for number in range(2, 65_000) if f"10.88.{number // 256}.{number % 256}" not in held)
    return f"10.88.{number // 256}.{number % 256}"


def _start(seen: Seen, step: StartContainer, now: float) -> Seen:
    inside = step.sandbox_id or sandbox_id(step.sandbox)
    sandbox = next((one for one in seen.sandboxes if one.id == inside), None)
    if sandbox is None or not sandbox.ready:
        raise Impossible(f"sandbox {inside[:12]} of container {step.config.name} is not ready")
    if step.container_id is not None:
        if all(one.id != step.container_id or one.state != "created" for one in seen.containers):
            raise Impossible(f"container {step.container_id[:12]} is not there to be started")
        return _well(
            replace(
                seen,
                containers=tuple(
                    _begun(replace(one, started_at=now)) if one.id == step.container_id else one
                    for one in seen.containers
                ),
            ),
            step.container_id,
        )
    image = image_store(seen).get(canonical(step.config.image))
    if image is None:
        raise Impossible(f"image {step.config.image} of container {step.config.name} is not on the host")
    made = _begun(
        ContainerSeen(
            id=container_id(inside, step.config.name, step.config.attempt),
            sandbox_id=inside,
            config=step.config,
            state="created",
            created_at=now,
            started_at=now,
            image_ref=image.id,
        )
    )
    if any(one.id == made.id for one in seen.containers):
        raise Impossible(f"container name {step.config.name} attempt {step.config.attempt} is reserved")
    return _well(replace(seen, containers=_by_id((*seen.containers, made))), made.id)


def _begun(container: ContainerSeen) -> ContainerSeen:
    """Return a container that was started: an init container is done at once, any other runs."""
    if role_of(container.config) == "init":
        return replace(container, state="exited", finished_at=container.started_at, reason="Completed")
    return replace(container, state="running")


def _well(seen: Seen, container_id: str) -> Seen:
    """Return a host on which the probes of a container, where it has any, have passed."""
    container = next(one for one in seen.containers if one.id == container_id)
    if PROBES not in container.config.annotations or container.state != "running":
        return seen
    return replace(seen, health={**seen.health, container_id: Health()})


def _stopped(container: ContainerSeen, now: float) -> ContainerSeen:
    if container.state not in {"running", "unknown"}:
        return container
    return replace(container, state="exited", finished_at=now, exit_code=_KILLED, reason="Error")


def _by_id(values: Iterable[S]) -> tuple[S, ...]:
    return tuple(sorted(values, key=lambda one: one.id))
