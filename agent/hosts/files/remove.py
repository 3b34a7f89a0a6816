"""Removing a pod's own folders, and nothing else: whatever was planted there, nothing outside them is touched."""

from typing import Final

from agent.hosts.files.paths import check_logs, check_uid
from agent.hosts.link import Link
from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.ports import Temporary

# rm follows no symlink, and with --one-file-system crosses no mount; what is mounted below (the tmpfs of an emptyDir)
# is let go of first, deepest first. mountinfo writes a space in a path as \040.
_SCRIPT: Final = r"""
failed=0
for folder in "$@"; do
  { [ -e "$folder" ] || [ -L "$folder" ]; } || continue
  mounts=$(while read -r _ _ _ _ path _; do
    case $path in "$folder"/*) printf '%s\n' "$path" ;; esac
  done </proc/self/mountinfo | sort -r)
  while read -r path; do
    [ -z "$path" ] || umount "$(printf '%b' "$path")" || umount -l "$(printf '%b' "$path")" || failed=1
  done <<END
$mounts
END
  rm -rf --one-file-system -- "$folder" || failed=1
done
exit $failed
"""


def remove_pod_files(link: Link, uid: str, log_directory: str) -> None:
    """Remove a pod's folders: files, memory-backed files, logs. Raises PortError."""
    folders = [f"{base}/{check_uid(uid)}" for base in (PODS_DIR, SECRETS_DIR)]
    if log_directory:
        folders.append(check_logs(log_directory, uid))
    done = link.run(_SCRIPT, *folders)
    if done.code:
        raise Temporary(f"the pod's folders cannot be removed: {done.error[:300]}")
