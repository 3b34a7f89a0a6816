"""Colour by meaning. What paints nothing is for pipes, files and terminals without colour."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import typer

Role = Literal["create", "replace", "start", "restart", "stop", "update", "remove", "good", "bad", "faint", "strong"]
Paint = Callable[[str, Role], str]

_STYLES: Final[Mapping[Role, Mapping[str, Any]]] = {
    "create": {"fg": "green"},
    "replace": {"fg": "yellow"},
    "start": {"fg": "green"},
    "restart": {"fg": "yellow"},
    "stop": {"fg": "yellow"},
    "update": {"fg": "cyan"},
    "remove": {"fg": "red"},
    "good": {"fg": "green"},
    "bad": {"fg": "red", "bold": True},
    "faint": {"dim": True},
    "strong": {"bold": True},
}


def plain(text: str, _role: Role) -> str:
    """Return the text as it is."""
    return text


def coloured(text: str, role: Role) -> str:
    """Return the text in the colour of its role."""
    return typer.style(text, **_STYLES[role])
