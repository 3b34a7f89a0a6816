"""What must be made, mounted and owned on the host before a pod's volumes can be used."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.model import quantity
from agent.model.desired import DesiredPod
from agent.model.files import Folder, MountedFilesystem, OwnedVolume
from agent.model.objects.pod import EmptyDirVolume, HostPathVolume, PodSpec, Volume
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.volumes.places import claimed_volume, network_folder, scratch, volume_path

_Kind = Literal["folder", "file", "socket", "char-device", "block-device"]
_KINDS: Final[Mapping[str, _Kind]] = {
    "DirectoryOrCreate": "folder",
    "Directory": "folder",
    "FileOrCreate": "file",
    "File": "file",
    "Socket": "socket",
    "CharDevice": "char-device",
    "BlockDevice": "block-device",
}


def volume_folders(desired: DesiredPod, uid: str, on: Machine) -> tuple[Folder, ...]:
    """Return the places that volumes need, or need to find, in order of declaration. Raises Refusal."""
    folders = (_folder(volume, desired, uid, on) for volume in desired.spec.volumes)
    return tuple(folder for folder in folders if folder is not None)


def mounted_filesystems(desired: DesiredPod, uid: str) -> tuple[MountedFilesystem, ...]:
    """Return the filesystems that volumes are. Raises Refusal."""
    mounts = []
    for volume in desired.spec.volumes:
        if (found := network_folder(volume, desired)) is not None:
            nfs, options = found
            server = f"[{nfs.server}]" if ":" in nfs.server and not nfs.server.startswith("[") else nfs.server
            path = volume_path(volume, desired, uid)
            mounts.append(MountedFilesystem(path=path, source=f"{server}:{nfs.path}", options=options))
    return tuple(mounts)


def owned_volumes(desired: DesiredPod, uid: str) -> tuple[OwnedVolume, ...]:
    """Return the claims whose whole content is to belong to the pod's fsGroup.

    As with a kubelet, neither hostPath nor nfs: their content is others', too. Raises Refusal.
    """
    context = desired.spec.security_context
    if context is None or context.fs_group is None:
        return ()
    owned: dict[str, OwnedVolume] = {}
    for volume in desired.spec.volumes:
        claimed = claimed_volume(volume, desired)
        claim = volume.persistent_volume_claim
        if claimed is None or claimed.server or (claim is not None and claim.read_only):
            continue
        path = volume_path(volume, desired, uid)
        mismatch_only = context.fs_group_change_policy == "OnRootMismatch"
        owned[path] = OwnedVolume(path=path, group=context.fs_group, on_root_mismatch=mismatch_only)
    return tuple(owned.values())


def _folder(volume: Volume, desired: DesiredPod, uid: str, on: Machine) -> Folder | None:
    if volume.image is not None and "image-volumes" not in on.features:
        raise Refusal(f"volume {volume.name}: image volumes need containerd 2.1 or newer on the host")
    context = desired.spec.security_context
    group = context.fs_group if context is not None else None
    if (empty_dir := scratch(volume)) is not None:
        return Folder(
            path=volume_path(volume, desired, uid),
            mode=0o777 if group is None else 0o2777,
            medium=empty_dir.medium,
            size_limit=_size_limit(empty_dir, desired.spec, on) if empty_dir.medium == "Memory" else 0,
            group=group,
        )
    if volume.host_path is not None:
        return _host_path(volume.host_path)
    claimed = claimed_volume(volume, desired)
    if claimed is None or claimed.server:
        return None
    if claimed.provisioned:
        return Folder(path=claimed.path, mode=0o777 if group is None else 0o2777, group=group)
    return Folder(path=claimed.path, must_exist=True)


def _host_path(given: HostPathVolume) -> Folder | None:
    kind = _KINDS.get(given.type)
    if kind is None:
        return None
    mode = 0o755 if kind == "folder" else 0o644
    return Folder(path=given.path, mode=mode, kind=kind, must_exist=not given.type.endswith("OrCreate"))


def _size_limit(given: EmptyDirVolume, spec: PodSpec, on: Machine) -> int:
    """Return how large a memory-backed volume may grow: never larger than what the pod may use, or the host has."""
    limits = [container.resources.limits.get("memory") for container in spec.containers]
    bounds = [
        0 if given.size_limit is None else quantity.whole(given.size_limit),
        sum(quantity.whole(limit) for limit in limits if limit is not None) if None not in limits else 0,
        on.memory_bytes,
    ]
    return min((bound for bound in bounds if bound > 0), default=0)
