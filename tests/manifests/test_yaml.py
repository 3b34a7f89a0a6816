"""Reading YAML: what the text says, and where."""

import pytest

from agent.manifests.objects import read_nodes
from tests.manifests.repo import load_text, shown

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def data_of(text: str) -> list[object]:
    nodes, faults = read_nodes(text.encode())
    assert faults == []
    return [node.data for node in nodes]


def test_several_documents() -> None:
    assert data_of("a: 1\n---\n# nothing here\n---\nb: 2\n...\n---\nc: 3\n") == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_separator_inside_a_block_of_text_is_text() -> None:
    assert data_of("a: |\n  ---\n  b\n") == [{"a": "---\nb\n"}]


def test_windows_line_ends_and_byte_order_mark() -> None:
    nodes, faults = read_nodes(b"\xef\xbb\xbfa: 1\r\n---\r\nb: 2\r\n")
    assert faults == []
    assert [(node.data, node.mark.line) for node in nodes] == [({"a": 1}, 1), ({"b": 2}, 3)]


def test_json_with_tabs_and_halves_of_characters() -> None:
    assert data_of('{"a":1,\n\t"b": ["\\ud83d\\ude00", "\\\\ud83d\\\\ude00"]}') == [
        {"a": 1, "b": ["😀", "\\ud83d\\ude00"]}
    ]


def test_json_escapes_in_yaml_text_stay_as_they_are() -> None:
    assert data_of("a: '\\ud83d\\ude00'") == [{"a": "\\ud83d\\ude00"}]


def test_anchors_and_merge_keys() -> None:
    text = "base: &b {k: 1, l: 2}\nall: {<<: *b, l: 3}\nmany: {<<: [{k: 4}, *b]}\n"
    assert data_of(text) == [{"base": {"k": 1, "l": 2}, "all": {"l": 3, "k": 1}, "many": {"k": 4, "l": 2}}]


def test_quoted_merge_sign_is_a_key() -> None:
    assert data_of('"<<": {x: 1}') == [{"<<": {"x": 1}}]


def test_core_tags() -> None:
    assert data_of("a: !!str 1\nb: !!int 2\nc: ! yes\nd: !!map {}\n") == [{"a": "1", "b": 2, "c": "yes", "d": {}}]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [\n", "a.yaml:2:1 yaml-syntax: while parsing a flow node, did not find expected node content"),
        ("a: b: c\n", "a.yaml:1:5 yaml-syntax: mapping values are not allowed in this context"),
        (MAP + "metadata: {}\n", "a.yaml:4:1 duplicate-key: key `metadata` is written twice in one mapping"),
        (MAP + "data: {on: a}\n", "a.yaml:4:8 bad-key: key `on` means `true` in the YAML that Kubernetes reads"),
        (MAP + "data: {010: a}\n", "a.yaml:4:8 bad-key: key `010` means `8` in the YAML that Kubernetes reads"),
        (MAP + "data: {[a]: b}\n", "a.yaml:4:8 bad-key: a mapping or list cannot be a key"),
        (MAP + "data: {a: .inf}\n", "a.yaml:4:11 yaml-syntax: infinity and NaN cannot be part of a manifest"),
        (MAP + "data: &d {a: *d}\n", "a.yaml:4:14 yaml-syntax: this alias stands inside its own anchor"),
        (MAP + "data: {a: *e}\n", "a.yaml:4:11 yaml-syntax: this alias names no anchor that stands before it"),
        (MAP + "data: {a: !x b}\n", "a.yaml:4:11 yaml-syntax: this YAML tag does not fit a manifest's value"),
        (MAP + "data: {a: !!int b}\n", "a.yaml:4:11 yaml-syntax: this YAML tag does not fit a manifest's value"),
        (MAP + "data: {a: b, <<: {a: c}}\n", "a.yaml:4:14 bad-key: `<<` brings in a key that is written before it"),
        (MAP + "data: {<<: b}\n", "a.yaml:4:8 bad-key: `<<` takes a mapping, or a list of mappings"),
        ("%YAML 1.1\n---\n" + MAP, "a.yaml:1:1 yaml-syntax: YAML directives are not supported"),
        (MAP + 'data: {a: "\x07"}\n', "a.yaml:4:12 yaml-syntax: control characters are not allowed"),
    ],
)
def test_fault(text: str, problem: str) -> None:
    assert problem in shown(load_text(text))


def test_a_number_that_reads_as_itself_may_be_a_key() -> None:
    assert shown(load_text(MAP + "data: {80: a, true: b}\n")) == []


def test_duplicate_key_names_both_places() -> None:
    problem = load_text(MAP + "data: {}\ndata: {}\n").problems[0]
    assert (str(problem.location), [str(place) for place in problem.related]) == ("a.yaml:5:1", ["a.yaml:4:1"])


def test_a_broken_document_does_not_hide_the_others() -> None:
    places = [str(p.location) for p in load_text("a: [\n---\nkind: Pood\n---\nb: ]\n").problems]
    assert places == ["a.yaml:2:1", "a.yaml:3:7", "a.yaml:5:4"]


def test_columns_count_characters() -> None:
    problem = load_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {a: é😀, b: 1}}\n").problems[
        0
    ]
    assert problem.location.column == 45
