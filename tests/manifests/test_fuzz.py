"""Whatever the bytes: objects or problems, never an exception."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.manifests import Loaded, load_agent_config, locate
from agent.manifests.report import render_github, render_json, render_sarif, render_summary, render_text
from agent.manifests.schema import SCHEMAS
from tests.manifests.generate import manifests
from tests.manifests.repo import load_files

THOROUGH = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = (
    b"- ~a: ~? ~: ~{~}~[~]~&a ~*a~<<: ~|\n~>\n~'~\"~\n~  ~---\n~...\n~!!str ~!x ~"
    b"%YAML 1.2\n~#~\t~\\~\r~\xef\xbb\xbf~\xff~\0~kind: ~List\n~Pod\n"
    b"~items:\n~apiVersion: v1\n~metadata: ~{name: a}\n~spec:\n~1e999~.nan"
)
TOKENS = st.sampled_from(PIECES.split(b"~"))


def check(content: bytes) -> None:
    loaded = load_files({"a.yaml": content, ".trimtabignore": content[:50], "b.json": content[::-1]})
    assert isinstance(loaded, Loaded)
    assert (loaded.fleet is None) == bool(loaded.problems)
    for problem in loaded.problems:
        assert problem.location.line >= 1
        assert problem.location.column >= 1
    assert render_text(loaded.problems).count("error:") >= len(loaded.problems)
    assert render_summary(loaded)
    assert render_github(loaded.problems).count("::error ") >= len(loaded.problems)
    assert len(json.loads(render_json(loaded))["problems"]) == len(loaded.problems)
    assert len(json.loads(render_sarif(loaded.problems, version="1"))["runs"][0]["results"]) == len(loaded.problems)
    load_agent_config("agent.yaml", content)
    assert locate(content, 0, "spec.containers[a].x[0]").line >= 1


@THOROUGH
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    check(content)


@THOROUGH
@given(st.lists(TOKENS, max_size=40).map(b"".join))
def test_pieces_of_yaml(content: bytes) -> None:
    check(content)


@THOROUGH
@given(st.sampled_from(sorted(SCHEMAS)).flatmap(lambda kind: manifests(kind, odd=True)), st.data())
def test_manifests_with_a_piece_cut_out_or_put_in(manifest: object, data: st.DataObject) -> None:
    content = json.dumps(manifest, indent=1).encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    check(content)
    check(content[:start] + data.draw(TOKENS) + content[end:])


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@THOROUGH
@given(st.sampled_from(sorted(SCHEMAS)), ANY, ANY)
def test_kinds_with_any_content(kind: str, metadata: object, spec: object) -> None:
    version = SCHEMAS[kind]["properties"]["apiVersion"]["const"]
    manifest = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec, "data": spec}
    check(json.dumps(manifest, ensure_ascii=False).encode(errors="replace"))
