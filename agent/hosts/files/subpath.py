"""Mounts from inside an emptyDir: a link that a container left there must not lead out of it."""

import re
from collections.abc import Sequence
from typing import Final

from agent.hosts.link import Link
from agent.model.cri import Mount
from agent.model.labels import PODS_DIR, SECRETS_DIR
from agent.ports import Refused

_INSIDE: Final = re.compile(rf"({re.escape(PODS_DIR)}|{re.escape(SECRETS_DIR)})/[^/]+/volumes/empty-dir/[^/]+/.+")
_SCRIPT: Final = 'for path in "$@"; do [ "$(readlink -m -- "$path")" = "$path" ] || { echo "$path"; exit 1; }; done'


def refuse_escapes(link: Link, mounts: Sequence[Mount]) -> None:
    """Refuse a ``subPath`` of an emptyDir that goes through a link. Costs nothing for containers without one."""
    inside = [mount.host_path for mount in mounts if _INSIDE.fullmatch(mount.host_path)]
    if not inside:
        return
    done = link.run(_SCRIPT, *inside)
    if done.code:
        path = done.output.decode(errors="replace").strip()
        raise Refused(f"subPath {path[:200]} goes through a link that a container put there")
