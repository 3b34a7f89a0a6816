"""How values are shown to people: short, and never what came from a Secret."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from agent.model.cri import Mount
from agent.model.plan import FingerprintKey
from agent.model.value import Sensitive, Text, reveal
from agent.planner.fingerprint import fingerprint

_LONGEST: Final = 200
BINARY: Final = (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10))
"""Suffixes of amounts of memory, the largest first."""
_SIGNALS: Final = {1: "SIGHUP", 2: "SIGINT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}


def clock(at: float) -> str:
    """Return a time as people read it: ``2026-03-01 12:04:10Z``."""
    return datetime.fromtimestamp(min(max(at, 0.0), 253_402_300_799.0), UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def shown(text: Text, key: FingerprintKey, *, masked: bool = False) -> str:
    """Return a text ready to show: cut when long, a fingerprint when it came from a Secret or is to be ``masked``."""
    if masked or isinstance(text, Sensitive):
        return f"(secret {fingerprint(key, reveal(text))})"
    return cut(text)


def shown_list(texts: Sequence[Text], key: FingerprintKey, masked: frozenset[int]) -> str:
    """Return a command line ready to show, as JSON writes a list; ``masked`` are the numbers of parts to mask."""
    parts = (
        shown(text, key, masked=number in masked)
        if number in masked or isinstance(text, Sensitive)
        else json.dumps(cut(text), ensure_ascii=False)
        for number, text in enumerate(texts)
    )
    return f"[{', '.join(parts)}]"


def shown_mount(mount: Mount) -> str:
    """Return what is mounted, without the pod's uid in the path: a new uid alone is no difference to a reader."""
    if mount.image:
        return f"image {cut(mount.image)}"
    before, volumes, after = mount.host_path.partition("/volumes/")
    what = f"{after.replace('/', ' ', 1)}" if volumes and before.rpartition("/")[0].endswith("/pods") else before
    marks = [
        *(["recursively read-only"] if mount.recursive_read_only else ["read-only"] if mount.readonly else []),
        *([mount.propagation] if mount.propagation != "private" else []),
    ]
    return f"{what} ({', '.join(marks)})" if marks else what


def cut(text: str) -> str:
    """Return a text of bounded length on one line."""
    line = text.replace("\r", "\\r").replace("\n", "\\n")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(text)} characters)"


def shown_bytes(count: int) -> str:
    """Return an amount of memory with the largest binary suffix that fits evenly."""
    return next((f"{count // unit}{suffix}" for suffix, unit in BINARY if count % unit == 0), str(count))


def rounded_up(count: int) -> str:
    """Return an amount in a unit that people read: what is over a limit by little still shows as over."""
    unit, suffix = next(((size, name) for name, size in BINARY if count >= size), (1, ""))
    return f"{-(-count // unit)}{suffix}"


def how_it_ended(exit_code: int, reason: str) -> str:
    """Return how a container ended: ``exited with code 137 (killed by SIGKILL)``."""
    if reason == "OOMKilled":
        return f"exited with code {exit_code} (killed: out of memory)"
    signal = exit_code - 128
    if 0 < signal < 64:
        return f"exited with code {exit_code} (killed by {_SIGNALS.get(signal, f'signal {signal}')})"
    if exit_code == 255:
        return "exited with code 255 (perhaps the host or containerd restarted)"
    return f"exited with code {exit_code}"


def last_words(message: str) -> str:
    """Return the last that a container said, on one line: its ends matter more than its beginnings."""
    line = " | ".join(part.strip() for part in message.splitlines() if part.strip())
    return line if len(line) <= _LONGEST else f"…{line[-_LONGEST:]}"
