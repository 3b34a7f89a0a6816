"""The marks of volumes that trimtab made for claims, as the look at a host finds them."""

from collections.abc import Iterable
from typing import Final

import msgspec

from agent.model.typed import decoder
from agent.model.volumes import VolumeMark, VolumeSeen, is_volume_path

# Part of the script of agent.hosts.look.facts; a mark is one line of JSON, a path in it needs no unquoting.
_MARK: Final = decoder(VolumeMark)
SCRIPT: Final = r"""
if [ -d "$volumes" ] && ! { [ -r "$volumes" ] && [ -x "$volumes" ]; }; then printf 'denied %s\0' "$volumes"; fi
for mark in "$volumes"/*.json; do
  [ -f "$mark" ] && [ ! -L "$mark" ] && read -r text <"$mark" && [ "${#text}" -le 8192 ] || continue
  path=${text#*'"path":"'} path=${path%%'"'*} there=no
  [ -d "$path" ] && [ ! -L "$path" ] && there=yes
  printf 'volume %s %s\0' "$there" "$text"
done
"""


def parse(entries: Iterable[str]) -> tuple[VolumeSeen, ...]:
    """Return the volumes that a look found, sorted. What is not written like a mark of ours is nobody's business."""
    found = []
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "volume":
            there, _, text = rest.partition(" ")
            try:
                mark = _MARK.decode(text.encode("utf-8", "surrogateescape"))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if is_volume_path(mark):
                found.append(VolumeSeen(mark=mark, present=there == "yes"))
    return tuple(sorted(found))
