"""Which paths trimtab may write and remove on a host. Checked here again, whatever a plan says."""

import re
from typing import Final

from agent.model.labels import LOGS_DIR, PODS_DIR, SECRETS_DIR
from agent.ports import Permanent

_UID: Final = r"[a-z0-9][a-z0-9-]{6,62}[a-z0-9]"
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}"
_UID_ALONE: Final = re.compile(_UID)
_TREE: Final = re.compile(rf"({re.escape(PODS_DIR)}|{re.escape(SECRETS_DIR)})/{_UID}/volumes/[a-z-]{{1,40}}/{_NAME}")
_ETC_HOSTS: Final = re.compile(rf"{re.escape(PODS_DIR)}/{_UID}/etc-hosts")
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{8,80}")
_LOG: Final = re.compile(rf"{re.escape(LOGS_DIR)}/[^/\0]{{1,255}}/[^/\0]{{1,255}}/[0-9]{{1,9}}\.log")
_MESSAGE: Final = re.compile(rf"{re.escape(PODS_DIR)}/{_UID}/containers/{_NAME}/[0-9]{{1,9}}")
_MOST_PATH: Final = 4096


class UnsafePath(Permanent):
    """A plan names a path that trimtab does not write."""


def check_uid(uid: str) -> str:
    """Return a pod's uid, which becomes part of paths that are removed."""
    if not _UID_ALONE.fullmatch(uid):
        raise UnsafePath(f"{uid[:80]!r} is not a pod uid")
    return uid


def check_tree(root: str, digest: str) -> str:
    """Return the root of a file tree."""
    if not _TREE.fullmatch(root) or not _DIGEST.fullmatch(digest):
        raise UnsafePath(f"{root[:200]!r} is not the place of a pod's volume")
    return root


def check_etc_hosts(path: str) -> str:
    """Return the path of a pod's hosts file."""
    if not _ETC_HOSTS.fullmatch(path):
        raise UnsafePath(f"{path[:200]!r} is not the place of a pod's hosts file")
    return path


def check_volume(path: str) -> str:
    """Return the root of a pod's volume."""
    if not _TREE.fullmatch(path):
        raise UnsafePath(f"{path[:200]!r} is not the place of a pod's volume")
    return path


def check_file(path: str) -> str:
    """Return the path of a file below its tree."""
    parts = path.split("/")
    if len(path) > _MOST_PATH or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise UnsafePath(f"{path[:200]!r} is not a path below a volume")
    if parts[0].startswith(".."):
        raise UnsafePath(f"{path[:200]!r}: names that start with two dots are kept for the volume itself")
    return path


def check_folder(path: str) -> str:
    """Return the path of a folder to make; with a hostPath it may be anywhere."""
    if not path.startswith("/") or len(path) > _MOST_PATH or "\0" in path or ".." in path.split("/"):
        raise UnsafePath(f"{path[:200]!r} is not an absolute path")
    return path


def check_logs(log_directory: str, uid: str) -> str:
    """Return a pod's log directory, which is removed with it."""
    parent, _, name = log_directory.rpartition("/")
    if parent != LOGS_DIR or not name.endswith(f"_{uid}") or len(name) > 255 or "\0" in name:
        raise UnsafePath(f"{log_directory[:200]!r} is not the log directory of pod {uid}")
    return log_directory


def check_log(path: str) -> str:
    """Return the path of a container's log: ``LOGS_DIR/POD/CONTAINER/N.log``."""
    if not _LOG.fullmatch(path) or ".." in path.split("/"):
        raise UnsafePath(f"{path[:200]!r} is not the log of a container")
    return path


def check_message(path: str) -> str:
    """Return the path of an attempt's last words: ``PODS_DIR/UID/containers/CONTAINER/N``."""
    if not _MESSAGE.fullmatch(path):
        raise UnsafePath(f"{path[:200]!r} is not where a container says why it ends")
    return path
