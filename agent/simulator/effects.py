"""What each step does to a machine: CRI's rules as far as plans can tell, written without the planner's help."""

import hashlib
from collections.abc import Mapping

from msgspec.structs import replace

from agent.model.action import (
    AnyStep,
    MakeFolders,
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
    WriteEtcHosts,
    WriteFiles,
)
from agent.model.etc_hosts import etc_hosts
from agent.model.files import FileSeen, FileTree
from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.model.observation import ContainerSeen, ImageSeen, SandboxSeen
from agent.model.volumes import VolumeSeen
from agent.planner.host.images import canonical
from agent.simulator.machine import Machine

Registry = Mapping[str, str]
"""What each reference means in the registry now: canonical name to digest."""


class StepFailed(Exception):
    """A step that the runtime refuses; ``kind`` as in Outcome."""

    def __init__(self, message: str, kind: str = "runtime") -> None:
        super().__init__(message)
        self.kind = kind


def carry_out(step: AnyStep, machine: Machine, registry: Registry, made: str | None) -> str | None:
    """Do a step; return the id of the sandbox that the action made so far. Raises StepFailed."""
    if isinstance(step, RunSandbox):
        made = _run(machine, step)
    elif isinstance(step, StartContainer):
        _start(machine, step, made)
    elif isinstance(step, PullImage):
        pull(machine, step.image, registry)
    else:
        _file_or_end(step, machine)
    machine.touch()
    return made


def _file_or_end(step: AnyStep, machine: Machine) -> None:  # noqa: C901, PLR0912 -- one line a step
    """Do a step that never fails: one about files, or one that ends something, there or not."""
    match step:
        case MakeFolders(folders=folders):
            machine.pod_dirs.update(uid for folder in folders if (uid := _uid(folder.path)))
        case WriteEtcHosts():
            _write_hosts(machine, step)
        case ResizeContainer(container_id=container_id, resources=resources):
            known = machine.containers[container_id]
            machine.containers[container_id] = replace(known, config=replace(known.config, resources=resources))
        case WriteFiles(trees=trees):
            for tree in trees:
                _write(machine, tree)
        case StopContainers(containers=stops):
            for stop in stops:
                machine.end(stop.container_id, 143)
        case RemoveContainer(container_id=container_id):
            machine.containers.pop(container_id, None)
        case StopSandbox(sandbox_id=sandbox_id):
            _stop(machine, sandbox_id)
        case RemoveSandbox(sandbox_id=sandbox_id):
            machine.drop_sandbox(sandbox_id)
        case MakeVolume(mark=mark):
            machine.volumes[mark] = VolumeSeen(mark=mark)
        case RemoveVolume(mark=mark):
            machine.volumes.pop(mark, None)
        case RemovePodFiles(uid=uid):
            machine.drop_pod_files(uid)


def pull(machine: Machine, image: str, registry: Registry) -> None:
    """Bring an image to a machine as the registry has it now. Raises StepFailed."""
    name = canonical(image)
    if name not in registry:
        raise StepFailed(f"failed to pull {image}: not found", "image-pull")
    digest = registry[name]
    machine.images = {
        key: replace(one, tags=tuple(t for t in one.tags if t != name)) for key, one in machine.images.items()
    }
    known = machine.images.get(digest, ImageSeen(id=digest, digests=(f"{name.rpartition(':')[0]}@{digest}",)))
    machine.images[digest] = replace(known, tags=tuple(sorted({*known.tags, name})))


def _run(machine: Machine, step: RunSandbox) -> str:
    config = step.config
    identity = (config.name, config.namespace, config.uid, config.attempt)
    ports = {(port.host_port, port.protocol) for port in config.port_mappings if port.host_port}
    for other in machine.sandboxes.values():
        theirs = other.config
        if (theirs.name, theirs.namespace, theirs.uid, theirs.attempt) == identity:
            raise StepFailed(f"name {'_'.join(map(str, identity))} is reserved for {other.id}")
        if other.ready and ports & {(port.host_port, port.protocol) for port in theirs.port_mappings}:
            raise StepFailed(f"host port in use by {other.id}")
    made = machine.new_id("sandbox")
    address = f"10.88.0.{len(machine.sandboxes) % 250 + 2}"
    machine.sandboxes[made] = SandboxSeen(
        id=made,
        config=config,
        ready=True,
        created_at=machine.now(),
        ips=() if config.host_network else (address,),
    )
    return made


def _start(machine: Machine, step: StartContainer, made: str | None) -> None:
    sandbox_id = step.sandbox_id or made
    sandbox = machine.sandboxes.get(sandbox_id or "")
    if sandbox is None or not sandbox.ready:
        raise StepFailed(f"sandbox {sandbox_id} is not there or not ready")
    now = machine.now()
    if step.container_id is not None:
        known = machine.containers.get(step.container_id)
        if known is None or known.state != "created":
            raise StepFailed(f"container {step.container_id} is not there to be started")
        machine.containers[known.id] = replace(known, state="running", started_at=now)
        return
    name = canonical(step.config.image)
    image = next((one for key, one in sorted(machine.images.items()) if name in one.tags or name in one.digests), None)
    if image is None:
        raise StepFailed(f"image {step.config.image} is not on the host")
    for other in machine.inside(sandbox.id):
        if (other.config.name, other.config.attempt) == (step.config.name, step.config.attempt):
            raise StepFailed(f"name {step.config.name} attempt {step.config.attempt} is reserved for {other.id}")
    made_id = machine.new_id("container")
    machine.containers[made_id] = ContainerSeen(
        id=made_id,
        sandbox_id=sandbox.id,
        config=step.config,
        state="running",
        created_at=now,
        started_at=now,
        image_ref=image.id,
    )


def _stop(machine: Machine, sandbox_id: str) -> None:
    sandbox = machine.sandboxes.get(sandbox_id)
    if sandbox is not None:
        for container in machine.inside(sandbox_id):
            machine.end(container.id, 137)
        machine.sandboxes[sandbox_id] = replace(sandbox, ready=False, ips=())


def _write(machine: Machine, tree: FileTree) -> None:
    machine.drop_tree(tree.root)
    data = f"..{tree.digest}"
    machine.files[f"{tree.root}/..data"] = FileSeen(link=data)
    for file in tree.files:
        sha256 = hashlib.sha256(file.content).hexdigest()
        machine.files[f"{tree.root}/{data}/{file.path}"] = FileSeen(sha256=sha256, mode=file.mode)
        top = file.path.split("/", 1)[0]
        machine.files[f"{tree.root}/{top}"] = FileSeen(link=f"..data/{top}")
    if uid := _uid(tree.root):
        machine.pod_dirs.add(uid)


def _write_hosts(machine: Machine, step: WriteEtcHosts) -> None:
    ips = step.ips or next(
        (one.ips for one in machine.sandboxes.values() if one.ready and one.config.uid == _uid(step.path)), ()
    )
    text = etc_hosts(step.entry, ips)
    machine.files[step.path] = FileSeen(sha256=hashlib.sha256(text.encode()).hexdigest(), mode=0o644)


def _uid(path: str) -> str:
    for prefix in (f"{PODS_DIR}/", f"{SECRETS_DIR}/"):
        if path.startswith(prefix):
            return path[len(prefix) :].split("/", 1)[0]
    return ""
