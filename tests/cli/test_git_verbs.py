"""Verbs that commit: on a real repository, without any host or agent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.running.published import publish
from tests.cli.git_fleet import HOSTS, WEB, push, trimtab
from tests.cli.test_status_rendering import troubled
from tests.source.repo import git

HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: busy}
spec:
  scaleTargetRef: {kind: Deployment, name: web, apiVersion: apps/v1}
  maxReplicas: 5
"""


def changed(bare: Path, ref: str = "main") -> str:
    """Return the lines that the newest commit took out and put in."""
    printed = git(bare, "diff", "--unified=0", f"{ref}~1", ref)
    return "\n".join(line for line in printed.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---"))


def test_scale_commits_one_line_and_says_what_kubectl_says(bare: Path) -> None:
    said = trimtab("scale", "deployment/web", "--replicas", "5").stdout.splitlines()
    head = git(bare, "rev-parse", "main")
    assert said == ["deployment.apps/web scaled", f"commit {head[:12]} on branch main"]
    assert changed(bare) == "-  replicas: 2   # for now\n+  replicas: 5   # for now"
    shown = git(bare, "log", "-1", "--format=%an|%s|%b", "main")
    assert shown == "Ana|Scale Deployment default/web from 2 to 5|By trimtab, in apps/web.yaml."


def test_what_is_so_already_makes_no_commit(bare: Path) -> None:
    head = git(bare, "rev-parse", "main")
    assert "already, nothing to commit" in trimtab("scale", "deploy", "web", "--replicas", "2").stdout
    assert git(bare, "rev-parse", "main") == head


def test_a_dry_run_prints_a_patch_that_git_takes_and_changes_nothing(bare: Path, tmp_path: Path) -> None:
    push(bare, {"apps/only.yaml": WEB.split("---", maxsplit=1)[0].replace("name: web", "name: only", 1)})
    head = git(bare, "rev-parse", "main")
    patch = trimtab("scale", "deploy/only", "--replicas=3", "--dry-run").stdout
    assert git(bare, "rev-parse", "main") == head
    work = tmp_path / "work"
    subprocess.run(["git", "apply"], cwd=work, input=patch, text=True, check=True)
    assert "replicas: 3   # for now" in (work / "apps/only.yaml").read_text()


def test_no_line_of_a_secret_is_ever_in_a_patch(bare: Path) -> None:
    after_web = WEB.split("---\n")
    push(bare, {"apps/web.yaml": "---\n".join(reversed(after_web))})
    for manifest in ("---\n".join(after_web), "---\n".join(reversed(after_web)), _as_list(after_web), _one_line()):
        push(bare, {"apps/web.yaml": manifest})
        assert "hunter2" in git(bare, "show", "main:apps/web.yaml")
        patch = trimtab("set", "image", "deploy/web", "side=side:2", "--dry-run").stdout
        assert "hunter2" not in patch
        assert patch.startswith("--- a/apps/web.yaml\n+++ b/apps/web.yaml\n")


def _as_list(documents: list[str]) -> str:
    items = "".join(
        "".join(f"{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))
        for lines in ([line for line in one.splitlines() if line and not line.startswith("#")] for one in documents)
    )
    return f"apiVersion: v1\nkind: List\nitems:\n{items}"


def _one_line() -> str:
    web = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "side", "image": "side:1"}]},
            },
        },
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "hunter2"}}
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [web, secret]})


def test_an_item_of_a_list_is_edited_where_it_is(bare: Path) -> None:
    push(bare, {"apps/web.yaml": _as_list(WEB.split("---\n"))})
    trimtab("scale", "deploy/web", "--replicas=7")
    assert changed(bare) == "-    replicas: 2   # for now\n+    replicas: 7   # for now"


def test_json_is_edited_too(bare: Path) -> None:
    push(bare, {"apps/web.yaml": WEB.split("---\n")[1], "apps/web.json": _one_line().replace('"s"', '"t"')})
    trimtab("scale", "deploy/web", "--replicas=7")
    content = json.loads(git(bare, "show", "main:apps/web.json"))
    assert content["items"][0]["spec"]["replicas"] == 7


def test_a_branch_for_a_pull_request(bare: Path) -> None:
    head = git(bare, "rev-parse", "main")
    trimtab("scale", "deploy/web", "--replicas=4", "--branch", "scale-web")
    said = trimtab("set", "image", "deploy/web", "web=nginx:1.29", "--branch=scale-web").stdout
    assert "on branch scale-web" in said
    assert git(bare, "rev-parse", "main", "scale-web~2").split() == [head, head]


def test_the_images_of_containers(bare: Path) -> None:
    assert trimtab("set", "image", "deployment", "web", "web=nginx:1.29").stdout.startswith(
        "deployment.apps/web image updated\n"
    )
    assert changed(bare) == '-          image: "nginx:1.28"\n+          image: "nginx:1.29"'
    trimtab("set", "image", "deploy/web", "*=registry.example.com:5000/one@sha256:" + "0" * 64)
    assert changed(bare).count("+") == 2


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("scale deploy/wbe --replicas 3", "did you mean web?"),
        ("scale deploy/web --replicas 3 -n other", "another namespace: -n default"),
        ("scale deploy --replicas 3", "which object?"),
        ("scale ds/web --replicas 3", "a DaemonSet cannot be scaled"),
        ("scale pots/web --replicas 3", "there is no kind 'pots'"),
        ("scale deploy/web --replicas 3 --current-replicas 1", "expected replicas of Deployment default/web to be 1"),
        ("set image deploy/web wbe=x:1", "unable to find container named 'wbe', did you mean `web`?"),
        ("set image deploy/web", "which image?"),
        ("set image deploy/web web=$IMAGE", "expected an image such as"),
        ("rollout resume deploy/web", "is not paused"),
        ("rollout undo deploy/web", "no rollout history found"),
        ("rollout undo deploy/web --to-revision 9", "unable to find revision 9"),
        ("rollout pause sts/web", "a StatefulSet cannot be paused"),
        ("rollout status deploy/web --timeout soon", "--timeout"),
        ("cordon edge-3", "did you mean edge-"),
        ("host forget edge-3 --yes", "hosts that were looked for: edge-1, edge-2"),
        ("scale deploy/web --replicas 3 --branch a..b", "is not a branch name"),
    ],
)
def test_a_mistake_is_told_and_exit_code_1(bare: Path, verb: str, said: str) -> None:
    head = git(bare, "rev-parse", "main")
    assert said in " ".join(trimtab(*verb.split(), code=1).stderr.split())
    assert git(bare, "rev-parse", "main") == head


def test_an_autoscalers_replicas_are_left_to_it(bare: Path) -> None:
    requests = WEB.replace('image: "nginx:1.28"', 'image: "nginx:1.28"\n          resources: {requests: {cpu: 100m}}')
    requests = requests.replace("image: side:1", "image: side:1, resources: {requests: {cpu: 1m}}")
    push(bare, {"apps/web.yaml": requests, "apps/hpa.yaml": HPA})
    refused = trimtab("scale", "deploy/web", "--replicas", "3", code=1).stderr
    assert "are set by HorizontalPodAutoscaler default/busy" in refused
    trimtab("scale", "deploy/web", "--replicas", "0")


def test_a_source_that_is_not_right_gets_no_commit_on_top(bare: Path) -> None:
    push(bare, {"apps/bad.yaml": "kind: Pott\n"})
    refused = trimtab("scale", "deploy/web", "--replicas", "3", code=1).stderr
    assert "apps/bad.yaml:1:" in refused


def test_values_shared_by_an_anchor_are_not_changed_behind_somebodys_back(bare: Path) -> None:
    shared = WEB.replace("replicas: 2 ", "replicas: &n 2 ").replace(
        "  name: web\n", "  name: web\n  annotations: {x: &m a}\n", 1
    )
    push(bare, {"apps/web.yaml": shared.replace("  selector", "  minReadySeconds: *n\n  selector")})
    assert "shared by anchors" in trimtab("scale", "deploy/web", "--replicas", "3", code=1).stderr


def test_cordon_drain_and_uncordon(bare: Path) -> None:
    assert trimtab("cordon", "edge-1").stdout.startswith("host/edge-1 cordoned\n")
    assert changed(bare) == "+  unschedulable: true"
    assert "already" in trimtab("cordon", "edge-1").stdout
    done = trimtab("drain", "edge-1", code=1)
    assert done.stdout.startswith("host/edge-1 draining\n")
    assert "no agent runs here" in done.stderr
    assert changed(bare) == "+  drain: true"
    trimtab("uncordon", "edge-1")
    assert git(bare, "show", "main:hosts.yaml") == HOSTS.strip()


def test_forgetting_asks_and_explains_and_uncordon_takes_it_back(bare: Path) -> None:
    refused = CliRunner().invoke(app, ["host", "forget", "edge-1"], input="n\n")
    assert refused.exit_code == 1
    assert "two pods of one identity run at once" in refused.stdout
    assert trimtab("host", "forget", "edge-1", "--yes").stdout.startswith("host/edge-1 forgotten\n")
    assert "node.kubernetes.io/out-of-service" in changed(bare)
    assert "already" in trimtab("host", "forget", "edge-1", "--yes").stdout
    trimtab("uncordon", "edge-1")
    assert git(bare, "show", "main:hosts.yaml") == HOSTS.strip()


def test_restart_pause_and_resume(bare: Path) -> None:
    trimtab("rollout", "restart", "deploy/web")
    assert "kubectl.kubernetes.io/restartedAt" in changed(bare)
    before = git(bare, "show", "main:apps/web.yaml")
    trimtab("rollout", "pause", "deployment", "web")
    assert changed(bare) == "+  paused: true"
    assert "is paused" in trimtab("rollout", "restart", "deploy/web", code=1).stderr
    assert trimtab("rollout", "resume", "deployment.apps/web").stdout.startswith("deployment.apps/web resumed\n")
    assert git(bare, "show", "main:apps/web.yaml") == before


def test_history_lists_the_commits_that_changed_the_template(bare: Path) -> None:
    annotated = WEB.replace("  name: web\n", "  name: web\n  annotations:\n    kubernetes.io/change-cause: newer\n", 1)
    second = push(bare, {"apps/web.yaml": annotated.replace("1.28", "1.29")}, "Newer nginx", at=1_700_000_100)
    push(bare, {"apps/web.yaml": annotated.replace("1.28", "1.29").replace("replicas: 2", "replicas: 3")}, "Scaled")
    push(bare, {"apps/web.yaml": "kind: [\n"}, "Broken")
    git(bare.parent / "work", "rm", "--quiet", "apps/web.yaml")
    third = push(bare, {"moved.yaml": annotated.replace("1.28", "1.30")}, "Moved", at=1_700_000_200)
    listed = trimtab("rollout", "history", "deploy/web").stdout.splitlines()
    assert listed[0] == "deployment.apps/web"
    assert listed[1].split() == ["REVISION", "COMMIT", "DATE", "SUBJECT", "CHANGE-CAUSE"]
    assert [line.split()[0] for line in listed[2:]] == ["1", "2", "3"]
    assert listed[3].split() == ["2", second[:12], "2023-11-14T22:15:00Z", "Newer", "nginx", "newer"]
    assert third[:12] in listed[4]
    shown = trimtab("rollout", "history", "deploy/web", "--revision", "2").stdout
    assert "image: nginx:1.29" in shown
    assert "1.28" not in shown
    assert "nginx:1.28" in trimtab("rollout", "history", "deploy/web", "--revision=1").stdout


def test_undo_brings_back_only_what_differs(bare: Path) -> None:
    push(bare, {"apps/web.yaml": WEB.replace("1.28", "1.29").replace("replicas: 2", "replicas: 3")}, "Newer nginx")
    said = trimtab("rollout", "undo", "deploy/web").stdout
    assert said.startswith("deployment.apps/web rolled back\n")
    assert changed(bare) == '-          image: "nginx:1.29"\n+          image: "nginx:1.28"'
    trimtab("rollout", "undo", "deploy/web")
    assert "1.29" in git(bare, "show", "main:apps/web.yaml"), "undone twice is as before"
    trimtab("rollout", "undo", "deploy/web", "--to-revision", "1")
    assert "replicas: 3   # for now" in git(bare, "show", "main:apps/web.yaml")
    assert "already" in trimtab("rollout", "undo", "deploy/web", "--to-revision", "3").stdout


@pytest.mark.usefixtures("bare")
def test_status_without_an_agent_says_what_to_run() -> None:
    refused = trimtab("rollout", "status", "deploy/web", code=1)
    assert "trimtab agent" in refused.stderr


@pytest.mark.parametrize("before", [True, False])
def test_config_reaches_verbs_within_verbs(bare: Path, monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
    monkeypatch.delenv("TRIMTAB_CONFIG")
    given = ["--config", str(bare.parent / "agent.yaml")]
    verb = ["rollout", "history", "deploy/web"]
    assert "nginx" not in trimtab(*([*given, *verb] if before else [*verb, *given])).stderr


def test_pushes_at_the_same_time_all_arrive(bare: Path) -> None:
    """Several people at once, each on an object of their own."""
    only = WEB.split("---", maxsplit=1)[0]
    names = ["a", "b", "c"]
    push(bare, {f"apps/{name}.yaml": only.replace("name: web", f"name: {name}", 1) for name in names})
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "agent", "scale", f"deploy/{name}", "--replicas=9"],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stderr=subprocess.PIPE,
        )
        for name in names
    ]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    for name in names:
        assert "replicas: 9   # for now" in git(bare, "show", f"main:apps/{name}.yaml")
    assert git(bare, "log", "--format=%s", "-3", "main").count("Scale") == 3


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("scale dep", "deployment/"),
        ("rollout undo deploy/w", "deploy/web"),
        ("cordon edge", "edge-1"),
        ("rollout ", "undo"),
        ("describe deploy w", "web"),
        ("describe pod w", "web-6d4f-0"),
        ("get cm s", "site"),
        ("cp web-6d4f-0", "web-6d4f-0:"),
    ],
)
@pytest.mark.usefixtures("bare")
def test_the_shell_completes_what_the_agent_knows(tmp_path: Path, typed: str, expected: str) -> None:
    (tmp_path / "state").mkdir()
    publish(tmp_path / "state", troubled())
    words = f"trimtab {typed}"
    done = subprocess.run(
        [sys.executable, "-m", "agent"],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "_TRIMTAB_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert expected in done.stdout.split(), done.stdout + done.stderr
