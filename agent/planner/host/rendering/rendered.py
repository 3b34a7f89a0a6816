"""What rendering makes: a pod and its containers as the runtime would be told of them."""

from collections.abc import Mapping
from typing import Literal

from agent.model.cgroup import PodCgroup
from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.etc_hosts import HostsEntry
from agent.model.files import Folder, MountedFilesystem, OwnedVolume
from agent.model.objects.meta import ConfigKey, PodKey
from agent.model.objects.pod import LifecycleHandler, RestartPolicy
from agent.model.probing import Probes
from agent.model.registry import RegistryAuth
from agent.model.value import Value
from agent.planner.host.rendering.volumes import ProjectedVolume


class VolumeImage(Value, frozen=True, kw_only=True):
    """An image whose content a container mounts."""

    image: str
    pull: Literal["Always", "IfNotPresent", "Never"]
    auths: tuple[RegistryAuth, ...] = ()


class RenderedContainer(Value, frozen=True, kw_only=True):
    """A container to be. ``config`` is of attempt 0 and without revision; ``sources`` as in ``Environment``."""

    config: ContainerConfig
    pull: Literal["Always", "IfNotPresent", "Never"]
    sources: Mapping[str, tuple[ConfigKey, str]] = {}
    role: Literal["main", "init", "sidecar"] = "main"
    auths: tuple[RegistryAuth, ...] = ()
    """Credentials of the pod's imagePullSecrets that match the image."""
    mounted_images: tuple[VolumeImage, ...] = ()
    probes: Probes | None = None
    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None


class RenderedPod(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """A pod to be, or the reason (``refused``) why it cannot be: then there are no containers."""

    key: PodKey
    uid: str
    sandbox: SandboxConfig
    grace_period: int
    restart_policy: RestartPolicy
    init: tuple[RenderedContainer, ...] = ()
    """Init containers in their order, sidecars among them: ``role`` tells which is which."""
    containers: tuple[RenderedContainer, ...] = ()
    folders: tuple[Folder, ...] = ()
    volumes: tuple[ProjectedVolume, ...] = ()
    mounts: tuple[MountedFilesystem, ...] = ()
    owned: tuple[OwnedVolume, ...] = ()
    etc_hosts: HostsEntry | None = None
    """What its /etc/hosts says; None where the host's own is seen as it is."""
    cgroup: PodCgroup | None = None
    """Its own cgroup, where it asks for anything: None needs no step."""
    addressed: bool = False
    """Some container asks for the pod's addresses: marks stand for them until they are known."""
    refused: str = ""
