"""From manifests and what runs to what an operator reads, through both real planners."""

from collections.abc import Callable

import pytest

from agent.cli.look.comparing import compare
from agent.cli.render import diff_json, diff_markdown, diff_text
from agent.cli.render.report import DiffReport
from agent.model.objects.agent import Prune
from agent.model.observation import Observation, Unseen
from agent.planner.rehearsal import rehearse
from tests.cli.goldens import assert_golden
from tests.cli.scenario import APPS, HOSTS, MARKER, NOW, Folder, empty, fleet_of, given, report, running

RENDERERS: list[Callable[[DiffReport], str]] = [diff_text.render, diff_json.render, diff_markdown.render]

ROLLOUT = APPS.replace("web:1.0", "web:1.1").replace("replicas: 2", "replicas: 3")
ROTATED = APPS.replace("marker-one", "marker-two")
SETTINGS = APPS.replace(
    "          volumeMounts: [{name: site, mountPath: /site}]",
    "          envFrom: [{prefix: SITE_, configMapRef: {name: site}}]\n          args: [$(SITE_title)]",
)
RETITLED = APPS.replace("all day", "all night")
WITHOUT_ONE = APPS[: APPS.rindex("---")]


@pytest.mark.parametrize(
    ("file", "text", "fresh"),
    [
        ("first.txt", APPS, True),
        ("rollout.txt", ROLLOUT, False),
        ("rotated.txt", ROTATED, False),
        ("retitled.txt", RETITLED, False),
        ("removed.txt", WITHOUT_ONE, False),
    ],
)
def test_a_change_reads_as_what_it_means(file: str, text: str, fresh: bool) -> None:
    assert_golden(file, diff_text.render(report(text, empty() if fresh else running())))


def test_nothing_to_do_is_exit_code_0() -> None:
    same = report(APPS, running())
    assert same.exit_code == 0
    assert diff_text.render(same).endswith("Plan: no changes, 3 unchanged on 2 hosts")


def test_a_host_that_is_not_seen_has_its_own_section_and_exit_code_2() -> None:
    observations: dict[str, Observation] = {**running(), "edge-2": Unseen(since=NOW, reason="it does not answer")}
    lost = report(APPS, observations)
    assert lost.exit_code == 2
    text = diff_text.render(lost)
    assert "edge-2: cannot be seen\n    it does not answer" in text
    assert "to remove" not in text


@pytest.mark.parametrize("render", RENDERERS, ids=["text", "json", "markdown"])
def test_what_the_prune_guard_would_hold_back_is_said_before_it_is_committed(
    render: Callable[[DiffReport], str],
) -> None:
    def shown(text: str, guard: Prune | None) -> str:
        source = Folder(text)
        return render(compare(given(fleet_of(source), running()), source, HOSTS, guard))

    assert "would remove 1 of 3 pods" in shown(WITHOUT_ONE, Prune())
    assert "would remove" not in shown(WITHOUT_ONE, Prune(max_fraction=0.5))
    assert "would remove" not in shown(WITHOUT_ONE, None), "it is in force already"
    assert "would remove" not in shown(ROLLOUT, Prune(max_fraction=0.01))


@pytest.mark.parametrize("render", RENDERERS, ids=["text", "json", "markdown"])
@pytest.mark.parametrize("text", [APPS, ROTATED, WITHOUT_ONE, APPS.replace("password: hunter2", "pass: hunter2")])
def test_a_secret_shows_in_no_form(render: Callable[[DiffReport], str], text: str) -> None:
    if "pass: hunter2" in text:
        text = text.replace("key: password", "key: pass")
    for observations in (empty(), running()):
        assert MARKER not in render(report(text, observations))


def test_a_rotated_secret_is_seen_to_change() -> None:
    (change,) = {
        (difference.live, difference.desired)
        for host in report(ROTATED, running()).hosts
        for action in host.plan.actions
        for difference in action.differences
        if difference.path.endswith("env[PASSWORD]")
    }
    assert change[0] != change[1]
    assert all(str(value).startswith("(secret ") for value in change)


def test_the_cause_is_the_line_of_the_value_and_who_wrote_it() -> None:
    number = next(number for number, line in enumerate(ROLLOUT.splitlines(), 1) if "web:1.1" in line)
    text = diff_text.render(report(ROLLOUT, running()))
    assert f"because apps.yaml:{number} ({number:07d} author of line {number}: touch line {number})" in text


def test_a_rollout_for_a_changed_config_map_is_led_back_to_its_line() -> None:
    before = dict(rehearse(given(fleet_of(Folder(SETTINGS)), empty())).observations)
    later = SETTINGS.replace("all day", "all night")
    text = diff_text.render(report(later, before))
    assert "create default/web-" in text
    number = next(number for number, line in enumerate(later.splitlines(), 1) if "all night" in line)
    because = f"because apps.yaml:{number} ({number:07d} author of line {number}: touch line {number})"
    assert text.count(f"{because}: ConfigMap site key title changed") == 2
    assert text.count(f"{because}: replaced by template") == 2
