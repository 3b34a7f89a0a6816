"""A pod's volumes on the host: one file a kind, or a step that it takes to have them."""

from agent.planner.host.rendering.volumes.entries import inside
from agent.planner.host.rendering.volumes.making import mounted_filesystems, owned_volumes, volume_folders
from agent.planner.host.rendering.volumes.mounts import container_mounts
from agent.planner.host.rendering.volumes.places import scratch_path
from agent.planner.host.rendering.volumes.trees import ProjectedVolume, layout, project_volume

__all__ = [
    "ProjectedVolume",
    "container_mounts",
    "inside",
    "layout",
    "mounted_filesystems",
    "owned_volumes",
    "project_volume",
    "scratch_path",
    "volume_folders",
]
