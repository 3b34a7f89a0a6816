"""A pod's volumes on the host: projected files, folders to make, and where containers mount them from."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from agent.model.cri import Mount
from agent.model.desired import DesiredPod
from agent.model.files import FileContent, FileSeen, FileTree, Folder
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import ConfigMapVolume, Container, KeyToPath, SecretVolume, Volume
from agent.model.plan import FingerprintKey
from agent.model.value import Value
from agent.planner.fingerprint import digest_files, sha256
from agent.planner.host.identity import pod_folder, secret_folder
from agent.planner.host.refusal import Refusal


class ProjectedVolume(Value, frozen=True, kw_only=True):
    """A ConfigMap or Secret as files. ``layout`` is what must be found below the tree's root, by relative path.

    ``keys`` names the entry that each file of the tree shows.
    """

    volume: str
    source: ConfigKey
    tree: FileTree
    layout: Mapping[str, FileSeen]
    keys: Mapping[str, str]


def project_volume(volume: Volume, desired: DesiredPod, uid: str, key: FingerprintKey) -> ProjectedVolume | None:
    """Return the files of a configMap or secret volume; None for other volumes. Raises Refusal."""
    if volume.config_map is not None:
        source = ConfigKey(kind="ConfigMap", name=volume.config_map.name)
        files = _files(volume.name, source, volume.config_map, desired)
    elif volume.secret is not None:
        source = ConfigKey(kind="Secret", name=volume.secret.secret_name)
        files = _files(volume.name, source, volume.secret, desired)
    else:
        return None
    contents = tuple(files[path][1] for path in sorted(files))
    tree = FileTree(
        root=volume_path(volume, uid),
        files=contents,
        digest=digest_files(key, contents),
        sensitive=source.kind == "Secret",
    )
    keys = {path: entry for path, (entry, _) in files.items()}
    return ProjectedVolume(volume=volume.name, source=source, tree=tree, layout=layout(tree), keys=keys)


def volume_path(volume: Volume, uid: str) -> str:
    """Return where a volume is on the host."""
    if volume.config_map is not None:
        return f"{pod_folder(uid)}/volumes/configmap/{volume.name}"
    if volume.secret is not None:
        return f"{secret_folder(uid)}/volumes/secret/{volume.name}"
    if volume.host_path is not None:
        return volume.host_path.path
    in_memory = volume.empty_dir is not None and volume.empty_dir.medium == "Memory"
    return f"{secret_folder(uid) if in_memory else pod_folder(uid)}/volumes/empty-dir/{volume.name}"


def volume_folders(volumes: Sequence[Volume], uid: str) -> list[Folder]:
    """Return the folders that volumes need, in order of declaration."""
    folders = []
    for volume in volumes:
        if volume.empty_dir is not None:
            folders.append(Folder(path=volume_path(volume, uid), mode=0o777, medium=volume.empty_dir.medium))
        elif volume.host_path is not None and volume.host_path.type:
            folders.append(Folder(path=volume.host_path.path, must_exist=volume.host_path.type == "Directory"))
    return folders


def container_mounts(container: Container, volumes: Mapping[str, Volume], uid: str) -> tuple[Mount, ...]:
    """Return a container's mounts, parents before what is mounted inside them. Raises Refusal."""
    mounts = []
    for mount in container.volume_mounts:
        volume = volumes.get(mount.name)
        if volume is None:
            raise Refusal(f"container {container.name} mounts volume {mount.name}, which the pod does not have")
        path = volume_path(volume, uid)
        if mount.sub_path:
            path = f"{path}/{inside(mount.sub_path, f'subPath of {mount.mount_path}')}"
        projected = volume.config_map is not None or volume.secret is not None
        mounts.append(
            Mount(container_path=mount.mount_path, host_path=path, readonly=mount.read_only or projected),
        )
    return tuple(sorted(mounts))


def sub_path_folders(container: Container, volumes: Mapping[str, Volume], uid: str) -> list[Folder]:
    """Return the folders that a container's ``subPath`` mounts need inside the pod's own emptyDir volumes."""
    return [
        Folder(path=f"{volume_path(volume, uid)}/{inside(mount.sub_path, mount.mount_path)}", mode=0o750)
        for mount in container.volume_mounts
        if mount.sub_path and (volume := volumes[mount.name]).empty_dir is not None
    ]


def inside(path: str, place: str) -> str:
    """Return a relative path in its plain form. Raises Refusal for one that would leave its folder."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or ".." in parts or not parts or "\0" in path:
        raise Refusal(f"{place}: {path!r} must be a relative path that stays inside its volume")
    return "/".join(parts)


def _files(
    name: str, source: ConfigKey, volume: ConfigMapVolume | SecretVolume, desired: DesiredPod
) -> dict[str, tuple[str, FileContent]]:
    """Return files by path, each with the entry that it shows."""
    entries = _entries(name, source, volume, desired)
    files: dict[str, tuple[str, FileContent]] = {}
    for item in volume.items or tuple(KeyToPath(key=entry, path=entry) for entry in sorted(entries)):
        if item.key not in entries:
            if volume.optional:
                continue
            raise Refusal(f"volume {name}: {source.kind} {source.name} has no key {item.key}")
        path = inside(item.path, f"volume {name}, item {item.key}")
        if path.startswith(".."):
            raise Refusal(f"volume {name}, item {item.key}: path {path!r} must not start with '..'")
        if path in files:
            raise Refusal(f"volume {name}: two items have the path {path!r}")
        mode = volume.default_mode if item.mode is None else item.mode
        files[path] = (item.key, FileContent(path=path, mode=mode, content=entries[item.key]))
    _refuse_overlap(name, files.keys())
    return files


def _entries(
    name: str, source: ConfigKey, volume: ConfigMapVolume | SecretVolume, desired: DesiredPod
) -> Mapping[str, bytes]:
    data = desired.config.get(source)
    if data is not None:
        return data.entries
    if volume.optional:
        return {}
    raise Refusal(f"volume {name}: {source.kind} {source.name} is not there")


def _refuse_overlap(name: str, paths: AbstractSet[str]) -> None:
    for path in sorted(paths):
        parts = path.split("/")
        for length in range(1, len(parts)):
            folder = "/".join(parts[:length])
            if folder in paths:
                raise Refusal(f"volume {name}: {folder!r} is both a file and the folder of {path!r}")


def layout(tree: FileTree) -> Mapping[str, FileSeen]:
    """Return what a written tree looks like below its root, by relative path.

    The payload is in ``..DIGEST``, ``..data`` points to it, and each top name points through ``..data``: one rename
    swaps everything a container sees.
    """
    payload = f"..{tree.digest}"
    found = {"..data": FileSeen(link=payload)}
    for file in tree.files:
        found[f"{payload}/{file.path}"] = FileSeen(sha256=sha256(file.content), mode=file.mode)
        top = file.path.split("/", 1)[0]
        found[top] = FileSeen(link=f"..data/{top}")
    return found
