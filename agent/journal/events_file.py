import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from agent.journal.encoding import encode
from agent.journal.replace import PRIVATE, explained
from agent.model.typed import decoder
from agent.ports import Event

_EVENT: Final = decoder(Event)
NAME: Final = "events.jsonl"
OLDER: Final = "events.1.jsonl"
ROTATE_AT: Final = 5 * 1024 * 1024
_LINE_AT_MOST: Final = 64 * 1024


def append_event(folder: Path, event: Event, *, rotate_at: int = ROTATE_AT) -> None:
    """Append one event as one line, in one write; a full file becomes the older one. Raises PortError."""
    line = encode(event)
    if len(line) > _LINE_AT_MOST:
        line = encode(msgspec.structs.replace(event, message=event.message[: _LINE_AT_MOST // 8] + " … (cut)"))
    path = folder / NAME
    with explained("append to", path):
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        descriptor = os.open(path, flags, PRIVATE)
        try:
            size = os.fstat(descriptor).st_size
            os.write(descriptor, _after_torn_line(descriptor, size) + line + b"\n")
        finally:
            os.close(descriptor)
        if size + len(line) >= rotate_at:
            path.replace(folder / OLDER)


def read_events(folder: Path, newest: int) -> tuple[Event, ...]:
    """Return up to ``newest`` events, oldest first. Lines that a crash tore are left out. Raises PortError."""
    found = list(islice(_newest_first(folder), newest))
    return tuple(reversed(found))


def _after_torn_line(descriptor: int, size: int) -> bytes:
    """Return what separates a new line from what stands before it: a crash may have torn the last one."""
    return b"" if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n" else b"\n"


def _newest_first(folder: Path) -> Iterator[Event]:
    for name in (NAME, OLDER):
        content = b""
        with explained("read", folder / name), suppress(FileNotFoundError):  # none yet, or rotated this moment
            content = (folder / name).read_bytes()
        for line in reversed(content.split(b"\n")):
            event = _decoded(line)
            if event is not None:
                yield event


def _decoded(line: bytes) -> Event | None:
    try:
        return _EVENT.decode(line) if line else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
