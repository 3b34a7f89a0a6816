"""Volumes that trimtab writes the files of: ConfigMaps, Secrets, fields of the pod, and several of these in one."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.model.desired import DesiredPod
from agent.model.files import FileSeen, FileTree
from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import Volume
from agent.model.value import Value
from agent.planner.fingerprint import digest_files, sha256
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.volumes.config import config_files
from agent.planner.host.rendering.volumes.downward import downward_files
from agent.planner.host.rendering.volumes.entries import Entry, contents, refuse_overlap
from agent.planner.host.rendering.volumes.places import holds_secrets, volume_path
from agent.planner.host.rendering.volumes.projected import projected_files
from agent.planner.host.rendering.volumes.setting import Setting

_GROUP_MAY_READ: Final = 0o440
"""What a kubelet adds to the files of a pod with an fsGroup."""


class ProjectedVolume(Value, frozen=True, kw_only=True):
    """A volume as files. ``layout`` is what must be found below the tree's root, by relative path.

    ``entries`` tells what each file of the tree shows. ``field`` is the volume's kind, as the manifest spells it.
    """

    volume: str
    field: Literal["configMap", "secret", "downwardAPI", "projected"]
    tree: FileTree
    layout: Mapping[str, FileSeen]
    entries: Mapping[str, Entry]
    only_source: ConfigKey | None = None
    """The ConfigMap or Secret that all files come from, where there is one."""


def project_volume(volume: Volume, desired: DesiredPod, uid: str, on: Machine) -> ProjectedVolume | None:
    """Return the files of a volume; None for a volume whose files are not ours. Raises Refusal."""
    field: Literal["configMap", "secret", "downwardAPI", "projected"]
    source: ConfigKey | None = None
    if volume.config_map is not None:
        field, source = "configMap", ConfigKey(kind="ConfigMap", name=volume.config_map.name)
        files = config_files(volume.name, volume.config_map, desired, volume.config_map.default_mode)
    elif volume.secret is not None:
        field, source = "secret", ConfigKey(kind="Secret", name=volume.secret.secret_name)
        files = config_files(volume.name, volume.secret, desired, volume.secret.default_mode)
    elif volume.downward_api is not None:
        field = "downwardAPI"
        given = volume.downward_api
        files = downward_files(volume.name, given.items, given.default_mode, Setting(desired=desired, uid=uid, on=on))
    elif volume.projected is not None:
        field = "projected"
        files = projected_files(volume.name, volume.projected, Setting(desired=desired, uid=uid, on=on))
    else:
        return None
    refuse_overlap(volume.name, files.keys())
    context = desired.spec.security_context
    group = context.fs_group if context is not None else None
    written = contents(files, 0 if group is None else _GROUP_MAY_READ)
    tree = FileTree(
        root=volume_path(volume, desired, uid),
        files=written,
        digest=digest_files(on.key, written),
        sensitive=holds_secrets(volume),
        group=group,
    )
    return ProjectedVolume(
        volume=volume.name, field=field, tree=tree, layout=layout(tree), entries=files, only_source=source
    )


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
