"""The files of a volume before they are laid out: content, mode, and what each of them shows."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from agent.model.files import FileContent
from agent.model.objects.meta import ConfigKey
from agent.model.value import MASK, Value
from agent.planner.host.rendering.refusal import Refusal


class Entry(Value, frozen=True, kw_only=True):
    """One file. It shows the entry ``name`` of ``source``, or, without one, what the manifest says at ``name``."""

    mode: int
    content: bytes
    source: ConfigKey | None = None
    name: str

    def __repr__(self) -> str:
        return f"Entry({self.source} {self.name}, mode={self.mode:#o}, content={MASK})"


def file_path(written: str, place: str) -> str:
    """Return the path of a file below its volume. Raises Refusal."""
    path = inside(written, place)
    if path.startswith(".."):
        raise Refusal(f"{place}: path {path!r} must not start with '..'")
    return path


def inside(path: str, place: str) -> str:
    """Return a relative path in its plain form. Raises Refusal for one that would leave its folder."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or ".." in parts or not parts or "\0" in path:
        raise Refusal(f"{place}: {path!r} must be a relative path that stays inside its volume")
    return "/".join(parts)


def refuse_overlap(volume: str, paths: AbstractSet[str]) -> None:
    """Refuse a path that is both a file and a folder. Raises Refusal."""
    for path in sorted(paths):
        parts = path.split("/")
        for length in range(1, len(parts)):
            folder = "/".join(parts[:length])
            if folder in paths:
                raise Refusal(f"volume {volume}: {folder!r} is both a file and the folder of {path!r}")


def contents(entries: Mapping[str, Entry], extra_mode: int) -> tuple[FileContent, ...]:
    """Return files as they are written, sorted by path; ``extra_mode`` are permissions that each of them gets."""
    return tuple(
        FileContent(path=path, mode=entries[path].mode | extra_mode, content=entries[path].content)
        for path in sorted(entries)
    )
