"""Where volumes are on the host."""

from typing import Final

from agent.model.desired import ClaimedVolume, DesiredPod
from agent.model.objects.pod import EmptyDirVolume, NfsVolume, Volume
from agent.planner.host.identity import pod_folder, secret_folder
from agent.planner.host.rendering.refusal import Refusal

_PLAIN: Final = EmptyDirVolume()


def volume_path(volume: Volume, desired: DesiredPod, uid: str) -> str:
    """Return where a volume is on the host. Raises Refusal for a claim that is not bound."""
    if volume.host_path is not None:
        return volume.host_path.path
    claimed = claimed_volume(volume, desired)
    if claimed is not None and not claimed.server:
        return claimed.path
    if claimed is not None or volume.nfs is not None:
        return _own(volume, uid, "nfs")
    if (kind := tree_kind(volume)) is not None:
        return _own(volume, uid, kind, in_memory=holds_secrets(volume))
    return scratch_path(volume, uid)


def scratch_path(volume: Volume, uid: str) -> str:
    """Return where an emptyDir is on the host."""
    empty_dir = scratch(volume)
    return _own(volume, uid, "empty-dir", in_memory=empty_dir is not None and empty_dir.medium == "Memory")


def _own(volume: Volume, uid: str, kind: str, *, in_memory: bool = False) -> str:
    return f"{secret_folder(uid) if in_memory else pod_folder(uid)}/volumes/{kind}/{volume.name}"


def tree_kind(volume: Volume) -> str | None:
    """Return the kind of a volume that trimtab writes the files of; None for others."""
    if volume.config_map is not None:
        return "configmap"
    if volume.secret is not None:
        return "secret"
    if volume.downward_api is not None:
        return "downward-api"
    return None if volume.projected is None else "projected"


def holds_secrets(volume: Volume) -> bool:
    """Tell whether some file of a volume comes from a Secret: then all of it stays in memory and out of sight."""
    if volume.projected is not None:
        return any(source.secret is not None for source in volume.projected.sources)
    return volume.secret is not None


def scratch(volume: Volume) -> EmptyDirVolume | None:
    """Return a volume's emptyDir, which a volume without any source is, too; None for others."""
    if volume.empty_dir is not None:
        return volume.empty_dir
    others = (
        tree_kind(volume),
        volume.host_path,
        volume.nfs,
        volume.persistent_volume_claim,
        volume.ephemeral,
        volume.image,
    )
    return _PLAIN if all(other is None for other in others) else None


def claimed_volume(volume: Volume, desired: DesiredPod) -> ClaimedVolume | None:
    """Return what the claim of a volume is bound to; None for a volume of another kind. Raises Refusal."""
    if volume.persistent_volume_claim is not None:
        claim = volume.persistent_volume_claim.claim_name
    elif volume.ephemeral is not None:
        claim = f"{desired.key.name}-{volume.name}"
    else:
        return None
    if volume.name not in desired.claims:
        raise Refusal(f"volume {volume.name}: claim {claim} is not bound to a PersistentVolume on this host yet")
    return desired.claims[volume.name]


def network_folder(volume: Volume, desired: DesiredPod) -> tuple[NfsVolume, tuple[str, ...]] | None:
    """Return the NFS folder behind a volume and how to mount it; None for a volume of another kind."""
    if volume.nfs is not None:
        return volume.nfs, ("ro",) if volume.nfs.read_only else ()
    claimed = claimed_volume(volume, desired)
    if claimed is None or not claimed.server:
        return None
    read_only = only_read(volume)
    options = (*claimed.mount_options, "ro") if read_only else claimed.mount_options
    return NfsVolume(server=claimed.server, path=claimed.path, read_only=read_only), tuple(dict.fromkeys(options))


def only_read(volume: Volume) -> bool:
    """Tell whether every mount of a volume is read-only, whatever the mount says."""
    claim = volume.persistent_volume_claim
    return (
        tree_kind(volume) is not None
        or volume.image is not None
        or (volume.nfs is not None and volume.nfs.read_only)
        or (claim is not None and claim.read_only)
    )
