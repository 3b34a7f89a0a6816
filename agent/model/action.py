"""Actions are data: a plan leaves no choice to the executor.

An ``Action`` changes one pod and carries its cause, its field-level differences and its consequence. Its ``steps``
are the runtime calls that do it, in order. Steps of one action run one after another; actions run side by side,
except that an action waits for those named in ``after``.
"""

from typing import Literal

import msgspec

from agent.model.cause import Cause
from agent.model.cgroup import PodCgroup
from agent.model.cri import ContainerConfig, LinuxResources, SandboxConfig
from agent.model.difference import Difference
from agent.model.etc_hosts import HostsEntry
from agent.model.files import FileTree, Folder, MountedFilesystem, OwnedVolume
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import LifecycleHandler
from agent.model.registry import RegistryAuth
from agent.model.value import Value
from agent.model.volumes import VolumeMark

Verb = Literal["create", "replace", "start", "restart", "stop", "update", "remove"]
"""create: a pod that is not there. replace: the sandbox and all in it. start: containers of it whose turn has come.
restart: some of its containers. stop: containers that are not to be started again. update: in place (files, limits).
remove: a pod, or leftovers of one."""

Consequence = Literal["create", "in place", "restart", "recreate", "stop", "remove"]


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """The base of all steps."""


class PullImage(Step, frozen=True, kw_only=True, tag="pull-image"):
    """Bring an image to the host. With ``always`` the registry is asked even when the host has the reference."""

    image: str
    always: bool = False
    auths: tuple[RegistryAuth, ...] = ()
    """Credentials that match the image, tried in turn; without any the registry is asked anonymously."""


class MakeFolders(Step, frozen=True, kw_only=True, tag="make-folders"):
    """Make folders that are missing; never touches what is there. Fails where one is missing that must exist."""

    folders: tuple[Folder, ...]


class WriteFiles(Step, frozen=True, kw_only=True, tag="write-files"):
    """Bring file trees to the host, each swapped atomically; repairs whatever differs below their roots."""

    trees: tuple[FileTree, ...]


class MountFilesystems(Step, frozen=True, kw_only=True, tag="mount-filesystems"):
    """Mount filesystems that are not mounted yet, each on a folder of its own below the pod's."""

    mounts: tuple[MountedFilesystem, ...]


class OwnVolumes(Step, frozen=True, kw_only=True, tag="own-volumes"):
    """Give the content of volumes to the pod's fsGroup. Follows no symlink, crosses no mount."""

    volumes: tuple[OwnedVolume, ...]


class SetCgroup(Step, frozen=True, kw_only=True, tag="set-cgroup"):
    """Make the pod's own cgroup and write its limits; those of a pod that runs change in place."""

    cgroup: PodCgroup


class WriteEtcHosts(Step, frozen=True, kw_only=True, tag="write-etc-hosts"):
    """Write the file that containers of the pod see as /etc/hosts.

    ``ips`` are the pod's; left out, those of the sandbox that this action made.
    """

    path: str
    entry: HostsEntry
    ips: tuple[str, ...] = ()


class RunSandbox(Step, frozen=True, kw_only=True, tag="run-sandbox"):
    """Make and start a pod sandbox. Later steps of the same action refer to it by ``sandbox_id=None``."""

    config: SandboxConfig


class StartContainer(Step, frozen=True, kw_only=True, tag="start-container"):
    """Create a container in a sandbox (that of this action's RunSandbox when ``sandbox_id`` is None) and start it.

    ``sandbox`` is the sandbox's configuration, which CRI wants again. ``container_id`` starts one that exists
    already in state created, instead of creating it. ``POD_IP`` and ``POD_IPS`` (agent.model.podip) in its
    environment, command and arguments stand for the addresses of the sandbox that this action made.
    ``post_start`` runs once it is started; where that fails, the container is stopped within ``grace`` seconds.
    """

    sandbox_id: str | None
    sandbox: SandboxConfig
    config: ContainerConfig
    container_id: str | None = None
    post_start: LifecycleHandler | None = None
    grace: int = 30


class ContainerStop(Value, frozen=True, kw_only=True):
    """One container to stop: ``pre_stop`` runs first, inside ``grace`` seconds; ``ip`` is where it sends requests.

    What is left of the time, at least 2 seconds, is how long the stop signal is given before KILL. Containers of a
    lower ``wave`` are stopped, all at once, before those of a higher one begin (sidecars after the main containers).
    """

    container_id: str
    name: str
    grace: int
    pre_stop: LifecycleHandler | None = None
    ip: str = ""
    wave: int = 0


class StopContainers(Step, frozen=True, kw_only=True, tag="stop-containers"):
    """Stop containers of a pod, wave after wave; the time that a wave took is no longer there for the next."""

    containers: tuple[ContainerStop, ...]


class ResizeContainer(Step, frozen=True, kw_only=True, tag="resize-container"):
    """Change the cgroup limits of a container that runs."""

    container_id: str
    name: str
    resources: LinuxResources


class RemoveContainer(Step, frozen=True, kw_only=True, tag="remove-container"):
    """Remove a container that does not run (a running one is killed)."""

    container_id: str
    name: str


class ForgetAttempt(Step, frozen=True, kw_only=True, tag="forget-attempt"):
    """Remove the files of an earlier attempt of a container: its log, with what was rotated of it, and its last words.

    Those of the attempt before the current one stay, for ``logs --previous``.
    """

    log: str
    message: str


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
    cgroup_parent: str = ""
    """The pod's own cgroup, removed once it is empty."""


class MakeVolume(Step, frozen=True, kw_only=True, tag="make-volume"):
    """Make the folder of a claim's volume, and the mark that says whose it is.

    With ``marks_only`` the folder must be there: data that is missing is not replaced by an empty folder.
    """

    mark: VolumeMark
    marks_only: bool = False


class RemoveVolume(Step, frozen=True, kw_only=True, tag="remove-volume"):
    """Remove a volume with its data, then its mark. Fails unless the host has that very mark and nothing uses it."""

    mark: VolumeMark


AnyStep = (
    PullImage
    | MakeFolders
    | WriteFiles
    | RunSandbox
    | MountFilesystems
    | OwnVolumes
    | SetCgroup
    | WriteEtcHosts
    | StartContainer
    | StopContainers
    | ResizeContainer
    | ForgetAttempt
    | RemoveContainer
    | StopSandbox
    | RemoveSandbox
    | RemovePodFiles
    | MakeVolume
    | RemoveVolume
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
    warnings: tuple[str, ...] = ()
    """What went wrong without failing a step, in Kubernetes' words: ``FailedPreStopHook: …``."""
    started_at: float = 0.0
    finished_at: float = 0.0
