"""What a Secret holds is never part of a problem, whatever is wrong with it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.manifests.report import render_github, render_json, render_sarif, render_text
from tests.manifests.repo import load_text

CONTENT = "hunter2"


def reports(text: str) -> str:
    loaded = load_text(text)
    assert loaded.problems
    shown = [repr(loaded), render_text(loaded.problems), render_github(loaded.problems), render_json(loaded)]
    return "".join([*shown, render_sarif(loaded.problems, version="1")])


@pytest.mark.parametrize(
    "rest",
    [
        f"data: {{a: {CONTENT}!}}",
        f"data: {CONTENT}",
        f"data: [{CONTENT}]",
        f"stringData: {{a: [{CONTENT}]}}",
        f"stringData: {{a: {{b: {CONTENT}}}}}",
        f"stringData: {CONTENT}",
        f"stringData: {{a: *{CONTENT}}}",
        f"stringData: {{a: !{CONTENT} x}}",
        f"stringData: {{a: !!int {CONTENT}}}",
        f'stringData: {{a: "{CONTENT}\n}}',
        f"stringData: {{a: {CONTENT}, a: {CONTENT}}}",
        f"stringdata: {{a: {CONTENT}}}",
        f"type: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: {CONTENT}}}",
        f"immutable: 5\nstringData: {{a: {CONTENT}}}",
    ],
)
def test_content_is_not_shown(rest: str) -> None:
    assert CONTENT not in reports(f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{rest}\n")


@pytest.mark.parametrize("value", ["12345678", "0x12345678", "1234.5678", "yes"])
def test_content_that_is_no_text_is_not_shown(value: str) -> None:
    shown = reports(f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{key: {value}}}\n")
    assert value not in shown.replace("quote it", "")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.recursive(
        st.just(CONTENT),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    ),
    st.sampled_from(["data", "stringData"]),
)
def test_content_in_any_wrong_shape(content: Any, field: str) -> None:  # noqa: ANN401 - plain data of any shape
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "bogus": 1, field: content}
    assert CONTENT not in reports(str(manifest))


def test_a_secret_keeps_its_content_out_of_repr() -> None:
    loaded = load_text(f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{key: {CONTENT}}}\n")
    assert loaded.fleet is not None
    assert CONTENT not in repr(loaded)
