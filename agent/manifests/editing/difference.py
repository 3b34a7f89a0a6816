"""The fewest changes of a document's text that make it say something else; all other text stays as it is."""

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from agent.manifests.editing.layout import Written
from agent.manifests.editing.parts import FIRST, places, rearrange
from agent.manifests.editing.splice import Splice, column, leads_its_line, line_end
from agent.manifests.editing.wording import Style, block_lines, inline

_MERGE: Final = "<<"


class Slot(NamedTuple):
    """Where a value hangs: behind ``head`` (a key's colon, a list's dash), in a collection indented by ``indent``."""

    head: int
    indent: int
    flow: bool
    of_list: bool = False


class Differ(NamedTuple):
    """A text and its style. All changes are places in the text as it is before any of them."""

    text: str
    style: Style

    def value(self, written: Written, now: Any, wanted: Any, slot: Slot) -> Iterator[Splice]:  # noqa: ANN401 - plain data of any shape
        """Yield what makes a value say what is wanted."""
        if same(now, wanted):
            return
        changes: list[Splice] | None = None
        if written.kind == "mapping" and isinstance(wanted, dict):
            changes = self._mapping(written, now, wanted)
        elif written.kind == "sequence" and isinstance(wanted, list):
            changes = self._sequence(written, now, wanted)
        yield from [self._instead(written, wanted, slot)] if changes is None else changes

    def _mapping(self, written: Written, now: dict[str, Any], wanted: dict[str, Any]) -> list[Splice] | None:
        """Return the changes of a mapping's entries, None where it is better written anew."""
        keys = [key.text for key, _ in written.entries]
        kept = [index for index, key in enumerate(keys) if key in wanted or key == _MERGE]
        if not kept:
            return None
        changes: list[Splice] = []
        for key, value in (written.entries[index] for index in kept if keys[index] != _MERGE):
            slot = Slot(self.text.index(":", key.end) + 1, column(self.text, key.start), written.flow)
            changes += self.value(value, now[key.text], wanted[key.text], slot)
        new: dict[int, dict[str, Any]] = {}
        after = max((index for index, key in enumerate(keys) if key == _MERGE), default=FIRST)
        for name, value in wanted.items():
            if name in keys:
                after = keys.index(name)
            elif name not in now or not same(now[name], value):  # else it is merged in
                new.setdefault(after, {})[name] = value
        return [*changes, *rearrange(self.text, self.style, written, kept, new)]

    def _sequence(self, written: Written, now: list[Any], wanted: list[Any]) -> list[Splice] | None:
        """Return the changes of a list's entries, None where it is better written anew."""
        at = places(self.text, written)
        pairs = list(_pairs(now, wanted))
        kept = [before for before, after in pairs if before is not None and after is not None]
        if not kept or not (written.flow or leads_its_line(self.text, at[0][0])):
            return None
        changes: list[Splice] = []
        new: dict[int, list[Any]] = {}
        last = FIRST
        for before, after in pairs:
            if before is not None and after is not None:
                last = before
                slot = Slot(at[before][0] + 1, column(self.text, at[before][0]), written.flow, of_list=True)
                changes += self.value(written.items[before], now[before], wanted[after], slot)
            elif after is not None:
                new.setdefault(last, []).append(wanted[after])
        return [*changes, *rearrange(self.text, self.style, written, kept, new)]

    def _instead(self, written: Written, wanted: Any, slot: Slot) -> Splice:  # noqa: ANN401 - plain data of any shape
        """Return the change that writes a value anew."""
        text, style = self.text, self.style
        in_brackets = slot.flow or (written.flow and written.kind in ("mapping", "sequence"))
        if in_brackets or not isinstance(wanted, dict | list) or not wanted:
            if not written.flow:
                return Splice(slot.head, written.end, f" {inline(wanted, style)}")
            new = inline(wanted, style, like=text[written.start : written.end])
            return Splice(written.start, written.end, new if written.end > written.start else f" {new}")
        if slot.of_list:
            return Splice(slot.head, written.end, " " + self._block(wanted, slot.indent + 2))
        indent = slot.indent + (style.step if isinstance(wanted, dict) or style.indented_lists else 0)
        end_of_key = line_end(text, slot.head)
        behind = written.start > end_of_key or written.start == written.end
        head = end_of_key if behind else slot.head  # a comment behind the key stays
        return Splice(head, max(head, written.end), style.newline + " " * indent + self._block(wanted, indent))

    def _block(self, wanted: dict[str, Any] | list[Any], indent: int) -> str:
        first, *rest = block_lines(wanted, self.style)
        return self.style.newline.join([first, *(" " * indent + line if line else "" for line in rest)])


def same(now: Any, wanted: Any) -> bool:  # noqa: ANN401 - plain data of any shape
    """Tell whether two values are the same to JSON, where 1, 1.0 and true are three things."""
    return json.dumps(now, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def _pairs(now: list[Any], wanted: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Yield which entry becomes which: by name, else by content, else by place. None stands for new and for gone."""
    matcher = SequenceMatcher(None, [_label(one) for one in now], [_label(one) for one in wanted], autojunk=False)
    for _, start, end, begin, stop in matcher.get_opcodes():
        both = min(end - start, stop - begin)
        yield from zip(range(start, start + both), range(begin, begin + both), strict=True)
        yield from ((index, None) for index in range(start + both, end))
        yield from ((None, index) for index in range(begin + both, stop))


def _label(entry: Any) -> str:  # noqa: ANN401 - plain data of any shape
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else json.dumps(entry, sort_keys=True)
