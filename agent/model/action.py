"""Actions are data: a plan leaves no choice to the executor.

An ``Action`` changes one pod and carries its cause, its field-level differences and its consequence. Its ``steps``
are the runtime calls that do it, in order. Steps of one action run one after another; actions run side by side,
except that an action waits for those named in ``after``.
"""

from typing import Literal

import msgspec

from agent.model.cause import Cause
from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.difference import Difference
from agent.model.files import FileTree, Folder
from agent.model.objects.meta import PodKey
from agent.model.value import Value

Verb = Literal["create", "replace", "restart", "update", "remove"]
"""create: a pod that is not there. replace: the sandbox and all in it. restart: some of its containers. update: in
place (files). remove: a pod, or leftovers of one."""

Consequence = Literal["create", "in place", "restart", "recreate", "remove"]


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """The base of all steps."""


class PullImage(Step, frozen=True, kw_only=True, tag="pull-image"):
    """Bring an image to the host. With ``always`` the registry is asked even when the host has the reference."""

    image: str
    always: bool = False


class MakeFolders(Step, frozen=True, kw_only=True, tag="make-folders"):
    """Make folders that are missing; never touches what is there. Fails where one is missing that must exist."""

    folders: tuple[Folder, ...]


class WriteFiles(Step, frozen=True, kw_only=True, tag="write-files"):
    """Bring file trees to the host, each swapped atomically; repairs whatever differs below their roots."""

    trees: tuple[FileTree, ...]


class RunSandbox(Step, frozen=True, kw_only=True, tag="run-sandbox"):
    """Make and start a pod sandbox. Later steps of the same action refer to it by ``sandbox_id=None``."""

    config: SandboxConfig


class StartContainer(Step, frozen=True, kw_only=True, tag="start-container"):
    """Create a container in a sandbox (that of this action's RunSandbox when ``sandbox_id`` is None) and start it.

    ``sandbox`` is the sandbox's configuration, which CRI wants again. ``container_id`` starts one that exists
    already in state created, instead of creating it.
    """

    sandbox_id: str | None
    sandbox: SandboxConfig
    config: ContainerConfig
    container_id: str | None = None


class StopContainer(Step, frozen=True, kw_only=True, tag="stop-container"):
    """Stop a container: its stop signal, then KILL after ``timeout`` seconds."""

    container_id: str
    name: str
    timeout: int


class RemoveContainer(Step, frozen=True, kw_only=True, tag="remove-container"):
    """Remove a container that does not run (a running one is killed)."""

    container_id: str
    name: str


class StopSandbox(Step, frozen=True, kw_only=True, tag="stop-sandbox"):
    """Stop a sandbox: kills what is left in it, tears its network down."""

    sandbox_id: str


class RemoveSandbox(Step, frozen=True, kw_only=True, tag="remove-sandbox"):
    """Remove a stopped sandbox with all its containers."""

    sandbox_id: str


class RemovePodFiles(Step, frozen=True, kw_only=True, tag="remove-pod-files"):
    """Remove a pod's own folders (files, secrets, logs): nothing outside them, whatever symlinks are planted there."""

    uid: str
    log_directory: str = ""


AnyStep = (
    PullImage
    | MakeFolders
    | WriteFiles
    | RunSandbox
    | StartContainer
    | StopContainer
    | RemoveContainer
    | StopSandbox
    | RemoveSandbox
    | RemovePodFiles
)


class Action(Value, frozen=True, kw_only=True):
    """One change to one pod of a host.

    ``id`` is unique within its plan and stable for equal input. ``rule`` is the classification rule that asked for
    it (first match wins). ``containers`` names those affected when not the whole pod is.
    """

    id: str
    verb: Verb
    pod: PodKey
    uid: str
    rule: str
    cause: Cause
    consequence: Consequence
    steps: tuple[AnyStep, ...]
    differences: tuple[Difference, ...] = ()
    containers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """Images to pull that the host does not have."""
    after: tuple[str, ...] = ()


class Outcome(Value, frozen=True, kw_only=True):
    """How an action ended on the host: ``error`` is empty when every step was done.

    ``step`` is the tag of the step that failed, ``superseded`` means a newer plan stopped it between two steps.
    ``kind`` classifies the error for waiting and back-off.
    """

    action: str
    pod: PodKey
    error: str = ""
    kind: Literal["", "image-pull", "unreachable", "runtime", "files", "refused"] = ""
    step: str = ""
    superseded: bool = False
    started_at: float = 0.0
    finished_at: float = 0.0
