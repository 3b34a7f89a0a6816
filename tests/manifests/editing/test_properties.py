"""Whatever is written, in whatever style: it says what is wanted afterwards, and comments stay."""

import random
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.manifests.editing import read_object, rewrite

_KEYS = st.sampled_from(["a", "b", "c", "name", "spec", "on", "x.y/z", "8080"])
_TEXTS = st.sampled_from(
    ["", "yes", "plain", "two words", "1e3", "a: b", "# no", "ü💡", "two\nlines\n", " lead", "- x", "'", '"']
)
_SCALARS = st.one_of(_TEXTS, st.integers(-5, 5), st.booleans(), st.none())
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(_KEYS, _DATA, min_size=1, max_size=4)


class _Quoting(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    block = "\n" in text and not text.startswith(" ")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else '"')


for _dumper in (yaml.SafeDumper, _Quoting):
    _dumper.add_representer(str, _text)


def _written(data: dict[str, Any], rng: random.Random) -> str:
    """Write data in a style of some sort, with comments between lines and behind them."""
    text: str = yaml.dump(
        data,
        Dumper=rng.choice([yaml.SafeDumper, _Quoting]),
        default_flow_style=rng.choice([False, False, None, True]),
        allow_unicode=rng.choice([True, False]),
        indent=rng.choice([2, 4]),
        width=rng.choice([20, 1000]),
        sort_keys=False,
    )
    if rng.random() < 0.5 and "|" not in text and "\\\n" not in text:
        lines = text.rstrip("\n").split("\n")
        complete = [yaml_complete(line) for line in lines]
        if all(complete):
            text = "".join(f"{line}  # {number}\n# under {number}\n" for number, line in enumerate(lines))
    if rng.random() < 0.3:
        text = text.replace("\n", "\r\n")
    return text.rstrip() if rng.random() < 0.3 and "|" not in text else text


def yaml_complete(line: str) -> bool:
    """Tell whether a comment may follow: no text goes on in the next line."""
    return line.count('"') % 2 == 0 and not line.rstrip().endswith("\\") and line.count("'") % 2 == 0


@settings(max_examples=300, deadline=None)
@given(now=_OBJECTS, wanted=_OBJECTS, other=_OBJECTS, seed=st.integers(0, 2**32))
def test_any_object_becomes_any_other(
    now: dict[str, Any], wanted: dict[str, Any], other: dict[str, Any], seed: int
) -> None:
    rng = random.Random(seed)
    first, second = _written(now, rng), _written(other, rng)
    content = f"{first}\n---\n{second}".encode()
    assert read_object(content, 0) == now
    result = rewrite(content, 0, wanted)
    assert read_object(result, 0) == wanted
    assert result.endswith(f"---\n{second}".encode())
    assert rewrite(result, 0, wanted) == result, "what is so already is left alone"


@settings(max_examples=200, deadline=None)
@given(now=_OBJECTS, key=_KEYS, value=_DATA, seed=st.integers(0, 2**32))
def test_one_more_field_adds_lines_only(now: dict[str, Any], key: str, value: object, seed: int) -> None:
    text = _written(now, random.Random(seed))
    result = rewrite(text.encode(), 0, {**now, key: now.get(key, value)})
    before, after = text.splitlines(), result.decode().splitlines()
    if not text.startswith("{"):
        assert [line for line in after if line in before][: len(before)] == before
