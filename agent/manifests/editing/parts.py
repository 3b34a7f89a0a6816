"""Taking entries out of a collection and putting others in, in the collection's own style."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from agent.manifests.editing.layout import Written
from agent.manifests.editing.splice import (
    Splice,
    above_comments,
    before_line,
    column,
    leads_its_line,
    line_end,
    line_start,
)
from agent.manifests.editing.wording import Style, block_lines, inline

FIRST: Final = -1
"""What stands before the first entry."""
New = Mapping[int, dict[str, Any] | list[Any]]
"""Entries to put in, by the number of the entry that they follow."""


def places(text: str, written: Written) -> list[tuple[int, int]]:
    """Return where each entry of a collection begins and ends: at its key, or at its dash."""
    if written.kind == "mapping":
        return [(key.start, max(key.end, value.end)) for key, value in written.entries]
    if written.flow:
        return [(item.start, item.end) for item in written.items]
    dashes = column(text, written.start)
    return [(_dash(text, item.start, dashes), item.end) for item in written.items]


def _dash(text: str, item: int, dashes: int) -> int:
    start = line_start(text, item)
    while text[start + dashes : start + dashes + 1] != "-":
        start = line_start(text, start - 1)
    return start + dashes


def rearrange(text: str, style: Style, written: Written, kept: Sequence[int], new: New) -> Iterator[Splice]:
    """Yield what leaves only the kept entries (at least one), with new ones among them."""
    at = places(text, written)
    if written.flow:
        yield from _flow_removals(at, kept)
        yield from (_flow_insertion(text, style, at, after, entries) for after, entries in new.items())
    else:
        yield from _block_removals(text, at, kept)
        yield from (_block_insertion(text, style, at, after, entries) for after, entries in new.items())


def _flow_removals(at: Sequence[tuple[int, int]], kept: Sequence[int]) -> Iterator[Splice]:
    for index, (start, end) in enumerate(at):
        if index in kept:
            continue
        # With the comma behind it or, where nothing that stays follows, with the one before it.
        yield Splice(start, at[index + 1][0], "") if index < kept[-1] else Splice(at[index - 1][1], end, "")


def _block_removals(text: str, at: Sequence[tuple[int, int]], kept: Sequence[int]) -> Iterator[Splice]:
    first = 0
    if kept[0] > 0 and not leads_its_line(text, at[0][0]):
        first = kept[0]  # `- name: x`: what comes next takes the place behind the dash
        yield Splice(at[0][0], at[first][0], "")
    for index, (start, end) in enumerate(at):
        if index in kept or index < first:
            continue
        head, tail = before_line(text, start), line_end(text, end)
        if not line_start(text, start):
            tail = min(len(text), text.find("\n", tail) + 1 or len(text))
        yield Splice(head, tail, "")


def _block_insertion(
    text: str, style: Style, at: Sequence[tuple[int, int]], after: int, entries: dict[str, Any] | list[Any]
) -> Splice:
    first = at[0][0]
    margin = style.newline + " " * column(text, first)
    lines = block_lines(entries, style)
    joined = lines[0] + "".join(margin + line if line else style.newline for line in lines[1:])
    if after != FIRST:
        end = line_end(text, at[after][1])
        return Splice(end, end, margin + joined)
    if not leads_its_line(text, first) or not line_start(text, first):
        return Splice(first, first, joined + margin)
    above = above_comments(text, first)
    return Splice(above, above, margin + joined)


def _flow_insertion(
    text: str, style: Style, at: Sequence[tuple[int, int]], after: int, entries: dict[str, Any] | list[Any]
) -> Splice:
    each = [{key: value} for key, value in entries.items()] if isinstance(entries, dict) else [[one] for one in entries]
    shown = [inline(one, style)[1:-1] for one in each]
    between = _separator(text, style, at)
    if after == FIRST:
        return Splice(at[0][0], at[0][0], "".join(one + between for one in shown))
    return Splice(at[after][1], at[after][1], "".join(between + one for one in shown))


def _separator(text: str, style: Style, at: Sequence[tuple[int, int]]) -> str:
    """Return what stands between two entries: as written, or as the first one stands."""
    if len(at) > 1:
        written = text[at[0][1] : at[1][0]]
        if not written.replace(",", "", 1).strip():
            return written
    if leads_its_line(text, at[0][0]):
        return "," + style.newline + " " * column(text, at[0][0])
    return ", "
