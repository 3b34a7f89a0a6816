"""What `trimtab diff` prints, in files that a person can read (golden/)."""

import json
import re
from pathlib import Path
from typing import get_args

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.cli.render import diff_json, diff_markdown, diff_text
from agent.cli.render.escape import printable
from agent.cli.render.paint import coloured
from agent.cli.render.report import DiffReport, HostReport
from agent.model.action import Consequence, Verb
from agent.model.plan import HostPlan
from tests.cli.goldens import assert_golden
from tests.cli.reports import NOW, action, busy, calm, commit, difference

SCHEMA_TEXT = json.loads((Path(__file__).parents[2] / "schemas" / "diff.v1.json").read_text(encoding="utf-8"))
SCHEMA = jsonschema_rs.validator_for(SCHEMA_TEXT)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("busy.txt", diff_text.render(busy())),
        ("busy.md", diff_markdown.render(busy())),
        ("busy.json", diff_json.render(busy())),
        ("calm.txt", diff_text.render(calm())),
    ],
)
def test_a_diff_reads_as_expected(file: str, text: str) -> None:
    assert_golden(file, text)


@pytest.mark.parametrize("report", [busy(), calm()], ids=["busy", "calm"])
def test_json_keeps_to_its_schema(report: DiffReport) -> None:
    SCHEMA.validate(json.loads(diff_json.render(report)))


def test_the_schema_would_notice() -> None:
    document = json.loads(diff_json.render(busy()))
    del document["hosts"][2]["unseenReason"]
    assert not SCHEMA.is_valid(document)


def test_the_schema_knows_every_verb_and_consequence() -> None:
    known = SCHEMA_TEXT["$defs"]["action"]["properties"]
    assert known["verb"]["enum"] == list(get_args(Verb))
    assert known["consequence"]["enum"] == list(get_args(Consequence))


@pytest.mark.parametrize(
    ("hosts", "code"),
    [
        ((), 0),
        ((HostReport(host="a", plan=HostPlan(host="a", unchanged=1)),), 0),
        (busy().hosts[:1], 1),
        (busy().hosts[2:], 2),
        (busy().hosts, 2),
    ],
)
def test_exit_codes_are_those_of_kubectl_diff(hosts: tuple[HostReport, ...], code: int) -> None:
    assert DiffReport(revision=busy().revision, now=NOW, hosts=hosts).exit_code == code


def test_colour_changes_nothing_but_colour() -> None:
    painted = diff_text.render(busy(), coloured)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == diff_text.render(busy())


def test_what_is_strong_stays_so_to_its_end() -> None:
    assert coloured("Plan", "strong") == "\x1b[1mPlan\x1b[0m"
    assert coloured("ok", "good") == "\x1b[32mok\x1b[0m"


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["\x1b[2J\x1b[1;1HPlan: no changes", "a\r\x1b]0;title\x07", "x\ny", "\u202egnp.exe", "``` `| a |", "\x9b31m"]
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_values_cannot_write_to_the_terminal(live: str, desired: str, reason: str) -> None:
    one = action(
        "restart",
        "one",
        replace(commit("spec", 1), subject=reason),
        "restart",
        differences=(difference(live, live, desired),),
    )
    hosts = (
        HostReport(host="a", plan=HostPlan(host="a", actions=(one,))),
        HostReport(host="b", plan=HostPlan(host="b"), unseen=reason),
    )
    report = DiffReport(revision=replace(busy().revision, author=live, subject=desired), now=NOW, hosts=hosts)
    for text in (diff_text.render(report), diff_markdown.render(report), diff_json.render(report)):
        assert all(line == printable(line) for line in text.split("\n"))
    lines = diff_text.render(report).split("\n")
    assert len(lines) == 13
    assert lines[-1] == "Plan: 1 to restart, 0 unchanged on 1 host; 1 host could not be seen"
    SCHEMA.validate(json.loads(diff_json.render(report)))


def test_a_long_value_is_cut_and_says_so() -> None:
    one = action("restart", "one", commit("spec", 1), "restart", differences=(difference("args", "x" * 5000, "y"),))
    text = diff_text.render(
        DiffReport(
            revision=busy().revision, now=NOW, hosts=(HostReport(host="a", plan=HostPlan(host="a", actions=(one,))),)
        )
    )
    assert "(4760 characters more) → y" in text
    assert len(text) < 1000
