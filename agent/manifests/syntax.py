"""What keeps a text from being YAML, in words that teach: where it is, where it began, and what to do."""

import re
from typing import Any, Final

from yaml import YAMLError

from agent.manifests.fault import Fault
from agent.manifests.node import Mark
from agent.manifests.text import Chunk

RENDER_FIRST: Final = "templates (`{{ … }}`) are not filled in here: commit what they come to, or quote the text"
_CONFLICT: Final = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
_HINTS: Final = {
    "found character that cannot start any token": "indent with spaces, never tabs, and quote texts that begin with "
    "@, ` or %",
    "found a tab character that violates indentation": "indent with spaces, never tabs",
    "mapping values are not allowed in this context": "quote a text that holds `: `, or check the indentation",
    "did not find expected key": "check the indentation and the quotes above this line",
    "did not find expected '-' indicator": "check the indentation: all fields of an entry begin in one column",
    "did not find expected ',' or ']'": "close the `[`, and quote texts that hold `: `",
    "did not find expected ',' or '}'": "close the `{`, and quote texts that hold `: `",
    "did not find expected node content": "close the bracket, and quote texts that begin with one",
    "did not find expected alphabetic or numeric character": "quote texts that begin with `*` or `&`",
    "could not find expected ':'": "write a space behind the `:`, and check the indentation",
    "found unexpected end of stream": "close the quotes",
}


def syntax_fault(chunk: Chunk, error: YAMLError) -> Fault:
    """Return what is wrong with a text that libyaml cannot read."""
    if chunk.text.lstrip().startswith("%"):
        hint = "remove the line, and the `---` below it"
        return Fault(Mark(1 + chunk.before, 1), "yaml-syntax", "YAML directives are not supported", hint=hint)
    if conflict := _CONFLICT.search(chunk.text):
        place = Mark(chunk.text.count("\n", 0, conflict.start()) + 1 + chunk.before, 1)
        hint = "decide between both sides, remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`, and commit"
        return Fault(place, "yaml-syntax", "a merge conflict is not resolved", hint=hint)
    begun = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or begun
    if mark is not None:
        return _at_mark(chunk, error, mark, begun)
    # A reader error knows only the byte at which it gave up.
    before = chunk.text.encode()[: getattr(error, "position", 0)].decode(errors="ignore")
    place = Mark(before.count("\n") + 1 + chunk.before, len(before) - before.rfind("\n"))
    return Fault(place, "yaml-syntax", str(getattr(error, "reason", None) or "this is not YAML"))


def place_of(chunk: Chunk, mark: Any) -> Mark:  # noqa: ANN401 - PyYAML's C marks have no public type
    """Return the place in the file of a mark in one of its documents."""
    return Mark(mark.line + 1 + chunk.before, mark.column + 1)


def _at_mark(chunk: Chunk, error: YAMLError, mark: Any, begun: Any) -> Fault:  # noqa: ANN401 - same
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    line = (chunk.text.split("\n", mark.line + 1)[mark.line :] or [""])[0]
    hint = RENDER_FIRST if "{{" in line else _HINTS.get(problem or "", "")
    message = ", ".join(part for part in (context, problem) if part)
    places = [place_of(chunk, mark), *([place_of(chunk, begun)] if begun is not None else ())]
    if mark.index >= len(chunk.text) or problem == "could not find expected ':'":
        places.reverse()  # noticed too late: what is wrong is where it began
    related = tuple(place for place in places[1:] if place.line != places[0].line)
    return Fault(places[0], "yaml-syntax", message, hint=hint, related=related)
