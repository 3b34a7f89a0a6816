"""``trimtab explain`` as kubectl lays it out, from our own schemas."""

import textwrap
from collections.abc import Iterator

from agent.manifests.explanation import Explanation, Field, NoSuchFieldError, explain_field

_WIDTH = 80
_DEEPEST = 12


def render(found: Explanation) -> str:
    """Return what a field means, and the fields in it."""
    group, _, version = found.version.rpartition("/")
    lines = [*([f"GROUP:      {group}"] if group else []), f"KIND:       {found.kind}", f"VERSION:    {version}", ""]
    if found.path:
        lines += [_title(found.field), ""]
    lines += ["DESCRIPTION:", *_described(found)]
    if found.fields:
        lines += ["", "FIELDS:"]
        for field in sorted(found.fields, key=lambda field: field.name):
            lines += [*_field(field), ""]
    return "\n".join(lines).rstrip("\n")


def _title(field: Field) -> str:
    return f"FIELD: {field.name} -not taken-" if field.refused else f"FIELD: {field.name} <{field.type}>"


def _described(found: Explanation) -> Iterator[str]:
    if found.field.refused:
        yield from _wrapped(found.field.refused, "    ")
    for text in (found.field.description, found.about):
        if text:
            yield from _wrapped(text, "    ")
    if found.choices:
        yield from _wrapped(f"One of: {', '.join(found.choices)}.", "    ")
    if found.expected:
        yield from _wrapped(f"Expected: {found.expected}.", "    ")
    limits = [
        f"{word} {limit}"
        for word, limit in (("at least", found.minimum), ("at most", found.maximum))
        if limit is not None
    ]
    if limits:
        yield from _wrapped(f"A number, {' and '.join(limits)}.", "    ")
    if found.field.default is not None:
        yield f"    Default: {found.field.default}"
    for value, why in found.refused_values:
        yield from _wrapped(f"{value} is not taken: {why}", "    ")


def _field(field: Field) -> Iterator[str]:
    if field.refused:
        yield f"  {field.name}\t-not taken-"
        yield from _wrapped(field.refused, "    ")
        return
    required = " -required-" if field.required else ""
    yield f"  {field.name}\t<{field.type}>{required}"
    yield from _wrapped(field.description, "    ")
    if field.default is not None:
        yield f"    Default: {field.default}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)


def render_tree(found: Explanation, path: str) -> str:
    """Return the names and types of all fields in a field, each below its parent."""
    group, _, version = found.version.rpartition("/")
    head = [*([f"GROUP:      {group}"] if group else []), f"KIND:       {found.kind}", f"VERSION:    {version}", ""]
    if found.path:
        head += [_title(found.field), ""]
    return "\n".join([*head, "DESCRIPTION:", *_described(found), "", "FIELDS:", *_tree(found, path, 1)])


def _tree(found: Explanation, path: str, depth: int) -> Iterator[str]:
    for field in sorted(found.fields, key=lambda field: field.name):
        if field.refused:
            continue
        yield f"{'  ' * depth}{field.name}\t<{field.type}>"
        if depth < _DEEPEST and field.type.removeprefix("[]")[:1].isupper():
            try:
                yield from _tree(explain_field(f"{path}.{field.name}"), f"{path}.{field.name}", depth + 1)
            except NoSuchFieldError:
                continue  # a type without fields of its own
