import ast
import json
from pathlib import Path

from agent.manifests import rules
from agent.manifests.report import render_github, render_json, render_sarif, render_summary, render_text
from agent.model.origin import Location
from agent.model.problem import Problem
from tests.manifests.repo import HOST, load_files

ROOM = Path(__file__).parents[2] / "agent/manifests"
CONFIGURATION = ROOM.parent / "cli/config.py"
"""Looks for the files that an agent.yaml names, which a pure room cannot."""
LOADED = load_files({"hosts.yaml": HOST, "50%, a:b.yaml": "kind: Pood\n", "c.yaml": HOST})
ODD = Problem(location=Location(file="a\nb.yaml"), rule="yaml-syntax", message="100%: a", hint="b")


def test_text() -> None:
    assert render_text(LOADED.problems) == (
        "50%, a:b.yaml:1:7: error: unknown kind `Pood`, did you mean `Pod`? [unknown-kind]\n"
        "    in Pood, kind\n"
        "hosts.yaml:3:18: error: Host edge-1 is declared twice, first at c.yaml:3:18 [duplicate-object]\n"
        "    in Host edge-1, metadata.name\n"
        "    see c.yaml:3:18\n"
        "    hint: remove one, or give it another name"
    )
    assert render_summary(LOADED) == "2 problems in 2 files"
    assert "\n" not in render_text([ODD]).split("    hint")[0].rstrip()


def test_summary_of_what_is_valid() -> None:
    assert render_text(load_files({"a.yaml": HOST}).problems) == ""
    assert render_summary(load_files({"a.yaml": HOST})) == "1 document in 1 file: valid"
    assert render_summary(load_files({})) == "1 problem"


def test_json() -> None:
    report = json.loads(render_json(LOADED))
    assert (report["valid"], report["files"], report["documents"], report["version"]) == (False, 3, 3, 1)
    assert report["problems"][1] == {
        "file": "hosts.yaml",
        "line": 3,
        "column": 18,
        "rule": "duplicate-object",
        "message": "Host edge-1 is declared twice, first at c.yaml:3:18",
        "object": "Host edge-1",
        "path": "metadata.name",
        "hint": "remove one, or give it another name",
        "related": [{"file": "c.yaml", "line": 3, "column": 18}],
    }


def test_github_escapes_what_its_commands_use() -> None:
    lines = render_github([*LOADED.problems, ODD]).splitlines()
    assert lines[0] == (
        "::error file=50%25%2C a%3Ab.yaml,line=1,col=7,title=unknown-kind"
        "::unknown kind `Pood`, did you mean `Pod`?%0Ain Pood"
    )
    assert lines[2] == "::error file=a%0Ab.yaml,line=1,col=1,title=yaml-syntax::100%25: a%0Ab"


def test_sarif() -> None:
    log = json.loads(render_sarif(LOADED.problems, version="1.2.3"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["semanticVersion"] == "1.2.3"
    first, second = run["results"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "50%25%2C%20a%3Ab.yaml"},
        "region": {"startLine": 1, "startColumn": 7},
    }
    assert second["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "c.yaml"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_every_rule_that_is_used_is_explained_and_the_other_way_round() -> None:
    written: set[str] = set()
    for file in (*ROOM.rglob("*.py"), CONFIGURATION):
        if file.name != "rules.py":
            nodes = ast.walk(ast.parse(file.read_text()))
            written |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert set(rules.RULES) <= written
    kebab = {text for text in written if text.count("-") and text.replace("-", "").isalpha() and text.islower()}
    assert kebab - set(rules.RULES) == {
        "ephemeral-storage",
        "hugepages-",
        "ssh-privatekey",
        "ssh-rsa",
        "system-",
        "x-expected",
        "x-map",
        "x-unsupported",
        "x-unsupported-values",
    }
