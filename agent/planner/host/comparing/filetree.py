"""Files of mounted ConfigMaps and Secrets: what is on the host against what should be there."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from agent.model.difference import Difference
from agent.model.files import FileSeen
from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.model.observation import Seen
from agent.model.plan import FingerprintKey
from agent.planner.fingerprint import fingerprint_of_sha256, tree_digest
from agent.planner.host import texts
from agent.planner.host.rendering.volumes import ProjectedVolume
from agent.planner.memo import remembered

_BELOW_A_VOLUME: Final = re.compile(
    rf"((?:{re.escape(PODS_DIR)}|{re.escape(SECRETS_DIR)})(?:/[^/]+){{4}})/(.+)", re.DOTALL
)
_NOTHING: Final[Mapping[str, FileSeen]] = {}


@remembered
def projected_files(seen: Seen) -> Mapping[str, Mapping[str, FileSeen]]:
    """Return the files that were seen in pods' volumes: by the volume's folder, then by the path below it."""
    found: dict[str, dict[str, FileSeen]] = {}
    for path, file in seen.files.items():
        if match := _BELOW_A_VOLUME.fullmatch(path):
            root, below = match.groups()
            found.setdefault(root, {})[below] = file
    return found


def as_desired(volume: ProjectedVolume, files: Mapping[str, Mapping[str, FileSeen]]) -> bool:
    """Tell whether a volume's files are what they should be."""
    found = files.get(volume.tree.root, _NOTHING)
    return found == volume.layout or not any(_departures(volume.layout, found))


def untouched(volume: ProjectedVolume, files: Mapping[str, Mapping[str, FileSeen]], key: FingerprintKey) -> bool:
    """Tell whether a volume's files are some version that trimtab wrote, and that nobody changed since.

    A version carries its own digest in its name, so an older one proves this by itself.
    """
    found = files.get(volume.tree.root, _NOTHING)
    data = found.get("..data")
    if data is None or not data.link.startswith("..") or "/" in data.link:
        return False
    visible = _visible(found)
    if any(file.link for file in visible.values()):
        return False
    expected = {f"{data.link}/{path}": file for path, file in visible.items()}
    expected |= {top: FileSeen(link=f"..data/{top}") for top in {path.split("/", 1)[0] for path in visible}}
    expected["..data"] = FileSeen(link=data.link)
    named = tree_digest(key, ((path, file.mode, file.sha256) for path, file in visible.items()))
    return data.link == f"..{named}" and not any(_departures(expected, found))


def departures(
    volume: ProjectedVolume, files: Mapping[str, Mapping[str, FileSeen]], path: str, key: FingerprintKey
) -> tuple[Difference, ...]:
    """Return how the files that a container sees differ; ``path`` is the volume's place in the manifest."""
    found = files.get(volume.tree.root, _NOTHING)
    live = _visible(found)
    wanted = {file.path: volume.layout[f"..{volume.tree.digest}/{file.path}"] for file in volume.tree.files}
    contents = {file.path: file.content for file in volume.tree.files}
    differences = []
    for name in sorted(live.keys() | wanted.keys()):
        before, after = live.get(name), wanted.get(name)
        if before == after:
            continue
        differences.append(
            Difference(
                path=f"{path}[{name}]",
                live=None if before is None else _shown(before, None, key, sensitive=volume.tree.sensitive),
                desired=None if after is None else _shown(after, contents[name], key, sensitive=volume.tree.sensitive),
                sensitive=volume.tree.sensitive,
            )
        )
    return tuple(differences)


def changed_file(volume: ProjectedVolume, files: Mapping[str, Mapping[str, FileSeen]]) -> str | None:
    """Return the first file, as a container sees it, whose content differs; None when only modes do."""
    live = _visible(files.get(volume.tree.root, _NOTHING))
    wanted = {file.path: volume.layout[f"..{volume.tree.digest}/{file.path}"] for file in volume.tree.files}
    for path in sorted(live.keys() | wanted.keys()):
        before, after = live.get(path), wanted.get(path)
        if before is None or after is None or before.sha256 != after.sha256:
            return path
    return None


def what_drifted(volume: ProjectedVolume, files: Mapping[str, Mapping[str, FileSeen]]) -> str:
    """Return in words how a tree was tampered with."""
    found = files.get(volume.tree.root, _NOTHING)
    if not found:
        return f"the files of volume {volume.volume} are gone"
    every = list(_departures(volume.layout, found))
    more = f" (and {len(every) - 1} more)" if len(every) > 1 else ""
    return f"volume {volume.volume}: {every[0]}{more}"


def _departures(layout: Mapping[str, FileSeen], found: Mapping[str, FileSeen]) -> Iterator[str]:
    for path in sorted(layout.keys() | found.keys()):
        wanted, live = layout.get(path), found.get(path)
        if wanted is None:
            yield f"{path} does not belong there"
        elif live is None:
            yield f"{path} is missing"
        elif wanted.link != live.link:
            yield f"{path} points to {live.link or 'nothing: it is a file'}"
        elif not wanted.link and wanted.sha256 != live.sha256:
            yield f"{path} was changed"
        elif not wanted.link and wanted.mode != live.mode:
            yield f"{path} has mode {live.mode:04o} instead of {wanted.mode:04o}"


def _visible(found: Mapping[str, FileSeen]) -> dict[str, FileSeen]:
    """Return the files that containers see, by the path they see: those that ``..data`` leads to."""
    data = found.get("..data")
    prefix = f"{data.link}/" if data is not None else None
    if prefix is None:
        return {}
    return {path[len(prefix) :]: file for path, file in found.items() if path.startswith(prefix)}


def _shown(file: FileSeen, content: bytes | None, key: FingerprintKey, *, sensitive: bool) -> str:
    if file.link:
        return f"(a link to {texts.cut(file.link)})"
    mode = f"mode {file.mode:04o}"
    if sensitive:
        return f"(secret {fingerprint_of_sha256(key, file.sha256)}, {mode})"
    if content is None:
        return f"(sha256 {file.sha256[:12]}, {mode})"
    try:
        text = texts.cut(content.decode().rstrip("\n"))
    except UnicodeDecodeError:
        text = f"({len(content)} bytes)"
    return f"{text} (sha256 {file.sha256[:12]}, {mode})"
