"""Files that trimtab keeps on a host: what a mounted ConfigMap or Secret looks like there."""

from typing import Literal

from agent.model.value import MASK, Value


class FileContent(Value, frozen=True, kw_only=True):
    """One file of a tree: path relative to the tree, permission bits, content. The content never shows in repr."""

    path: str
    mode: int
    content: bytes

    def __repr__(self) -> str:
        return f"FileContent(path={self.path!r}, mode={self.mode:#o}, content={MASK})"


class FileTree(Value, frozen=True, kw_only=True):
    """A projected volume: ``root`` on the host, swapped as a whole by a ``..data`` symlink as a kubelet does.

    ``digest`` names the payload folder (``..DIGEST``) and covers every path, mode and content: equal digests mean
    that nothing has to be written. It is keyed, so it may be shown.
    """

    root: str
    files: tuple[FileContent, ...]
    digest: str
    sensitive: bool = False
    group: int | None = None
    """The pod's fsGroup: its files belong to it and can be read by it."""


class Folder(Value, frozen=True, kw_only=True):
    """A place to make where it is missing: a folder, or an empty file (termination log, hostPath FileOrCreate).

    ``medium`` Memory asks for a tmpfs of at most ``size_limit`` bytes (0: no limit of its own). One that
    ``must_exist`` (hostPath of type Directory, File, Socket, …) is only looked for, never made. ``group`` makes it
    belong to that group, set-group-ID, as a kubelet does for fsGroup.
    """

    path: str
    mode: int = 0o755
    kind: Literal["folder", "file", "socket", "char-device", "block-device"] = "folder"
    medium: Literal["", "Memory"] = ""
    size_limit: int = 0
    must_exist: bool = False
    group: int | None = None


class MountedFilesystem(Value, frozen=True, kw_only=True):
    """A filesystem mounted for a pod: ``source`` is ``SERVER:PATH`` for nfs."""

    path: str
    type: Literal["nfs"] = "nfs"
    source: str
    options: tuple[str, ...] = ()


class OwnedVolume(Value, frozen=True, kw_only=True):
    """A volume whose content is to belong to the pod's fsGroup, all of it.

    With ``on_root_mismatch`` only where its root does not belong to it yet.
    """

    path: str
    group: int
    on_root_mismatch: bool = False


class FileSeen(Value, frozen=True, kw_only=True):
    """A file found under a pod's volumes: its SHA-256 (hex) and permission bits; a symlink shows its target."""

    sha256: str = ""
    mode: int = 0
    link: str = ""
