"""Plain data as YAML text, in the style of the text that it comes into."""

import json
from typing import Any, Final

import yaml

from agent.manifests.scalar import resolve
from agent.model.value import Value

_NEVER_FOLD: Final = 1_000_000


class Style(Value, frozen=True, kw_only=True):
    """How a document is written: its line ends, by how much it indents, whether lists are indented, and JSON.

    ``blocks`` lets texts of several lines be written as such (``|``), not in quotes.
    """

    newline: str = "\n"
    step: int = 2
    indented_lists: bool = True
    json: bool = False
    blocks: bool = True


class _Dumper(yaml.SafeDumper):
    """Writes every value out where it stands, and quotes what Kubernetes' YAML would take for something else."""

    indented_lists = True
    blocks = True

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's own question
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=indentless and not self.indented_lists)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    tells = isinstance(resolve(text), str) and text != "<<"
    style = ("|" if dumper.blocks else '"') if "\n" in text else None if tells else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def block_lines(data: Any, style: Style) -> list[str]:  # noqa: ANN401 - plain data of any shape
    """Return a mapping or list as lines of its own, not indented."""
    return _dumped(data, style, flow=False).rstrip("\n").split("\n")


def inline(data: Any, style: Style, *, like: str = "") -> str:  # noqa: ANN401 - same
    """Return a value on one line; a text in the quotes of the one that it replaces (``like``)."""
    if style.json:
        return json.dumps(data, ensure_ascii=False)
    if isinstance(data, str) and data.isprintable():
        if like.startswith('"'):
            return json.dumps(data, ensure_ascii=False)
        if like.startswith("'"):
            return "'" + data.replace("'", "''") + "'"
    # A list of one: brackets are cut off, and what is in them is fit for any place in a line.
    return _dumped([data], style, flow=True).rstrip("\n")[1:-1]


def _dumped(data: Any, style: Style, *, flow: bool) -> str:  # noqa: ANN401 - same
    class Dumper(_Dumper):
        indented_lists = style.indented_lists
        blocks = style.blocks

    dumped: str = yaml.dump(
        data,
        Dumper=Dumper,
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=_NEVER_FOLD,
        indent=style.step,
    )
    return dumped
