"""Removing a pod's own folders, and nothing else: whatever was planted there, nothing outside them is touched."""

from typing import Final

from agent.hosts.files.paths import check_logs, check_uid
from agent.hosts.link import Link
from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.ports import Temporary

# What is mounted below (a tmpfs, a path inside a volume, an NFS server's data) is let go of first, the deepest first; a
# server that does not answer is left to the kernel. Where anything is still mounted afterwards, nothing is removed: a
# bind mount of the same filesystem is nothing that --one-file-system would see. mountinfo writes a space as \040.
_SCRIPT: Final = r"""
failed=0
below() {
  while read -r _ _ _ _ path _; do
    case $path in "$1"/*) printf '%s\n' "$path" ;; esac
  done </proc/self/mountinfo
}
for folder in "$@"; do
  { [ -e "$folder" ] || [ -L "$folder" ]; } || continue
  while read -r path; do
    [ -n "$path" ] || continue
    path=$(printf '%b' "$path")
    timeout 20 umount -- "$path" 2>/dev/null || timeout 20 umount -l -- "$path"
  done <<END
$(below "$folder" | sort -r)
END
  left=$(below "$folder")
  if [ -n "$left" ]; then
    echo "still mounted, so nothing of it is removed:" $left >&2
    failed=1
    continue
  fi
  rm -rf --one-file-system -- "$folder" || failed=1
done
exit $failed
"""


def remove_pod_files(link: Link, uid: str, log_directory: str) -> None:
    """Remove a pod's folders: files, memory-backed files, logs. Raises PortError."""
    folders = [f"{base}/{check_uid(uid)}" for base in (PODS_DIR, SECRETS_DIR)]
    if log_directory:
        folders.append(check_logs(log_directory, uid))
    done = link.run(_SCRIPT, *folders, timeout=120)
    if done.code:
        raise Temporary(f"the pod's folders cannot be removed: {done.error[:300]}")
