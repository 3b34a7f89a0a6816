"""What people do wrong in YAML: where it is said to be, where it began, and what to do about it."""

import pytest

from tests.manifests.repo import load_text
from tests.manifests.test_problems import in_container, in_spec

CONFLICT = """\
a: b
<<<<<<< HEAD
c: d
=======
c: e
>>>>>>> theirs
"""


@pytest.mark.parametrize(
    ("text", "places", "hint"),
    [
        ("a:\n\tb: c\n", ["2:1"], "indent with spaces, never tabs, and quote texts that begin with @, ` or %"),
        ("a:\n  - b: c\n\t  d: e\n", ["3:1", "2:8"], "indent with spaces, never tabs"),
        (
            "a:\n  - b: c\n   d: e\n",
            ["3:4", "2:3"],
            "check the indentation: all fields of an entry begin in one column",
        ),
        ("a: b\n   c: d\n", ["2:5"], "quote a text that holds `: `, or check the indentation"),
        ("x:\n  a: b\n  c:d\n  e: f\n", ["3:3", "4:3"], "write a space behind the `:`, and check the indentation"),
        ("a: [x, y: z: 1]\n", ["1:12"], "close the `[`, and quote texts that hold `: `"),
        ("a: {b: c\n", ["1:4", "2:1"], "close the `{`, and quote texts that hold `: `"),
        ('a: b\nc: "d\ne: f\n', ["2:4", "4:1"], "close the quotes"),
        ("a: */5 * * * *\n", ["1:5"], "quote texts that begin with `*` or `&`"),
        ("a: {{- x }}\n", ["1:6"], "templates (`{{ … }}`) are not filled in here"),
        (CONFLICT, ["2:1"], "decide between both sides, remove the lines"),
        ("---\na: b\n---\n" + CONFLICT, ["5:1"], "decide between both sides, remove the lines"),
    ],
)
def test_syntax(text: str, places: list[str], hint: str) -> None:
    (problem,) = load_text(text).problems[-1:]
    assert problem.rule == "yaml-syntax"
    assert [f"{place.line}:{place.column}" for place in (problem.location, *problem.related)] == places
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (in_container("command: sh -c true"), "begin each entry with `- `"),
        (in_container("env: {A: b}"), "begin each entry with `- `"),
        (in_container("ports: ['8080:80']"), "fields here are: containerPort, hostIP, hostPort, name, protocol"),
        (in_container("livenessProbe: {httpGet: /healthz}"), "fields here are: host, httpHeaders, path, port, scheme"),
        (in_container("livenessProbe: {tcpSocket: {port: '80'}}"), "remove the quotes"),
        (
            in_spec("volumes: [{name: v, configMap: {name: c, defaultMode: 644}}]"),
            "expected permission bits such as `0644`",
        ),
        (in_spec("nodeName: {{ .Values.node }}"), "templates (`{{ … }}`) are not filled in here"),
    ],
)
def test_a_value_of_another_form(text: str, hint: str) -> None:
    assert any(problem.hint.startswith(hint) for problem in load_text(text).problems)
