"""Label selectors as they are written on a command line: ``app=web,tier!=db,zone in (a, b),canary,!old``."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from agent.model.objects.selector import LabelSelector, LabelSelectorRequirement
from agent.model.selector import selects
from agent.ports import Permanent

_KEY: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?"
_PART: Final = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<gone>{_KEY})"
    rf"|(?P<key>{_KEY})\s*(?:(?P<sign>==|=|!=)\s*(?P<value>[A-Za-z0-9._-]*)"
    rf"|\s(?P<word>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)


def label_matcher(written: str | None) -> Callable[[Mapping[str, str]], bool]:
    """Return what tells whether labels are selected; without a selector all are. Raises Permanent."""
    if written is None:
        return lambda _labels: True
    selector: list[LabelSelectorRequirement] = []
    at = 0
    while at < len(written) or not selector:
        match = _PART.match(written, at)
        if match is None or match.end() == at:
            raise Permanent(f"{written!r} is not a label selector", hint="such as app=web,tier!=db or 'zone in (a,b)'")
        selector.append(_requirement(match))
        at = match.end()
    wanted = LabelSelector(match_expressions=tuple(selector))
    return lambda labels: selects(wanted, labels)


def _requirement(match: re.Match[str]) -> LabelSelectorRequirement:
    if match["absent"]:
        return LabelSelectorRequirement(key=match["gone"], operator="DoesNotExist")
    if match["word"]:
        operator: Literal["In", "NotIn"] = "In" if match["word"] == "in" else "NotIn"
        values = tuple(value.strip() for value in match["values"].split(","))
        return LabelSelectorRequirement(key=match["key"], operator=operator, values=values)
    if match["sign"]:
        operator = "NotIn" if match["sign"] == "!=" else "In"
        return LabelSelectorRequirement(key=match["key"], operator=operator, values=(match["value"],))
    return LabelSelectorRequirement(key=match["key"], operator="Exists")
