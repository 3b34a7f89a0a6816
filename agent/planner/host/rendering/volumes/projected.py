"""Several sources in one volume."""

from agent.model.objects.pod import ProjectedVolume, VolumeProjection
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.volumes.config import config_files
from agent.planner.host.rendering.volumes.downward import downward_files
from agent.planner.host.rendering.volumes.entries import Entry
from agent.planner.host.rendering.volumes.setting import Setting


def projected_files(volume: str, given: ProjectedVolume, setting: Setting) -> dict[str, Entry]:
    """Return the files of a projected volume by path. Raises Refusal where two sources have the same path."""
    files: dict[str, Entry] = {}
    for source in given.sources:
        found = _files(volume, source, given.default_mode, setting)
        twice = sorted(found.keys() & files.keys())
        if twice:
            raise Refusal(f"volume {volume}: two of its sources have the path {twice[0]!r}")
        files |= found
    return files


def _files(volume: str, source: VolumeProjection, default_mode: int, setting: Setting) -> dict[str, Entry]:
    if source.downward_api is not None:
        return downward_files(volume, source.downward_api.items, default_mode, setting)
    config = source.config_map or source.secret
    return {} if config is None else config_files(volume, config, setting.desired, default_mode)
