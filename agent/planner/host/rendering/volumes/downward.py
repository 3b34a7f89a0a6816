"""Fields of the pod itself, and resources of its containers, as files."""

from collections.abc import Sequence

from agent.model.objects.pod import DownwardFile
from agent.planner.host.rendering.fields import pod_field, resource_field
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.volumes.entries import Entry, file_path
from agent.planner.host.rendering.volumes.setting import Setting


def downward_files(volume: str, items: Sequence[DownwardFile], default_mode: int, setting: Setting) -> dict[str, Entry]:
    """Return the files of a downwardAPI volume by path. Raises Refusal."""
    files: dict[str, Entry] = {}
    for item in items:
        path = file_path(item.path, f"volume {volume}")
        if path in files:
            raise Refusal(f"volume {volume}: two items have the path {path!r}")
        text, name = _shown(item, setting, f"volume {volume}, file {path}")
        mode = default_mode if item.mode is None else item.mode
        files[path] = Entry(mode=mode, content=text.encode("utf-8", "surrogateescape"), name=name)
    return files


def _shown(item: DownwardFile, setting: Setting, place: str) -> tuple[str, str]:
    """Return what a file says, and where in the manifest that is said."""
    desired, spec = setting.desired, setting.desired.spec
    if item.resource_field_ref is not None:
        ref = item.resource_field_ref
        where = f"{desired.spec_path}.containers[{ref.container_name}].resources.{ref.resource}"
        return resource_field(ref, spec.containers[0], spec, setting.on), where
    path = item.field_ref.field_path if item.field_ref is not None else ""
    if not path.startswith("metadata."):
        raise Refusal(f"{place}: fieldRef {path} cannot be shown in a file, only in a variable")
    return pod_field(path, desired, setting.uid, setting.on), f"{desired.spec_path.removesuffix('spec')}{path}"
