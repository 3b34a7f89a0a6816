"""The record, on the host itself, of the images that trimtab pulled: of the store's content, that alone is its own."""

from collections.abc import Sequence
from typing import Final

from agent.hosts.link import Link
from agent.model.labels import PULLED_FILE
from agent.ports import Temporary

_RECORD: Final = """
umask 077
mkdir -p "${1%/*}" && { grep -qsxF -- "$2" "$1" || printf '%s\\n' "$2" >>"$1"; }
"""
_FORGET: Final = """
umask 077
file=$1
shift
[ -e "$file" ] || exit 0
printf '%s\\n' "$@" | grep -vxFf - "$file" >"$file.new" || [ $? -eq 1 ] || exit 1
mv -T "$file.new" "$file"
"""


def record_pull(link: Link, image: str) -> None:
    """Write down an image before it is pulled. Raises PortError."""
    _done(link, _RECORD, image)


def forget_pulls(link: Link, images: Sequence[str]) -> None:
    """Take images off the record once they are gone. Raises PortError."""
    _done(link, _FORGET, *images)


def _done(link: Link, script: str, *images: str) -> None:
    done = link.quick(script, PULLED_FILE, *images)
    if done.code:
        raise Temporary(f"the record of pulled images, {PULLED_FILE}, cannot be written: {done.error[:300].strip()}")
