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


class Folder(Value, frozen=True, kw_only=True):
    """A plain folder to make where missing (emptyDir, log directory); ``medium`` Memory asks for a tmpfs.

    One that ``must_exist`` (hostPath of type Directory) is only looked for, never made.
    """

    path: str
    mode: int = 0o755
    medium: Literal["", "Memory"] = ""
    must_exist: bool = False


class FileSeen(Value, frozen=True, kw_only=True):
    """A file found under a pod's volumes: its SHA-256 (hex) and permission bits; a symlink shows its target."""

    sha256: str = ""
    mode: int = 0
    link: str = ""
