"""Bytes of a file as texts, one a YAML document, or the fault that keeps them from being read."""

import json
import re
from typing import Final, NamedTuple

from agent.manifests.fault import Fault
from agent.manifests.limits import MAX_DOCUMENTS_PER_FILE, MAX_FILE_BYTES
from agent.manifests.node import Mark

_SEPARATOR: Final = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_SURROGATES: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
_BOM: Final = "\ufeff"


class Chunk(NamedTuple):
    """The text of one document (or, with ``...`` inside, several), and how many lines of the file lie before it."""

    text: str
    before: int


def split(content: bytes) -> list[Chunk]:
    """Return a file's documents, cut at each ``---`` as kubectl does, so that a fault in one does not hide others.

    Raises Fault for what is no UTF-8 text, or too large.
    """
    if len(content) > MAX_FILE_BYTES:
        raise too_large(len(content))
    nul = content.find(b"\0")
    if nul >= 0:
        raise Fault(
            _mark(content, nul),
            "not-text",
            "the file holds a NUL byte",
            hint="write manifests as UTF-8 text; a UTF-16 file or a binary one cannot be read",
        )
    try:
        text = content.decode().removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise Fault(
            _mark(content, error.start),
            "not-text",
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            hint="save the file as UTF-8",
        ) from None
    if _SURROGATES.search(text) and _is_json(text):
        text = _SURROGATES.sub(_join, text)
    starts = [match.start() for match in _SEPARATOR.finditer(text)]
    if len(starts) > MAX_DOCUMENTS_PER_FILE:
        raise Fault(Mark(1, 1), "too-large", f"the file holds more than {MAX_DOCUMENTS_PER_FILE} documents")
    return _cut(text, starts)


def too_large(size: int) -> Fault:
    """Return the fault of a file that is not read for its size."""
    return Fault(
        Mark(1, 1),
        "too-large",
        f"the file has {size} bytes, the limit is {MAX_FILE_BYTES}",
        hint="split it into several files, one object each",
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _join(match: re.Match[str]) -> str:
    """Write one character instead of the two halves that JSON escapes it as, which YAML does not know."""
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _cut(text: str, starts: list[int]) -> list[Chunk]:
    chunks, line = [], 0
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        chunk = text[start:end]
        if chunk:
            chunks.append(Chunk(chunk, line))
            line += chunk.count("\n")
    return chunks


def _mark(content: bytes, offset: int) -> Mark:
    before = content[:offset]
    line_start = before.rfind(b"\n") + 1
    return Mark(before.count(b"\n") + 1, len(before[line_start:].decode(errors="replace")) + 1)
