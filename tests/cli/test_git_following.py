"""Waiting for what was pushed: what is said on the way, and how it ends."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.cli.running.published import publish
from agent.cli.running.watch import OutOfTime
from agent.journal import StateLock
from agent.model.kindstatus import Condition, DeploymentStatus
from agent.model.objects.meta import ObjectKey
from agent.model.origin import Revision
from agent.model.plan import Waiting
from agent.model.status import ObjectStatus, PodStatus
from agent.reconciler.reporting.snapshot import Snapshot
from tests.cli.git_fleet import WEB, push, trimtab
from tests.cli.test_status_rendering import CRASH, pod, troubled
from tests.cli.test_status_rendering import WEB as WEB_KEY
from tests.source.repo import git

DRAIN, STATUS = "agent.cli.verbs.drain.snapshots", "agent.cli.verbs.rollout.status.snapshots"


def _snapshot(in_force: str, *pods: PodStatus, waiting: str = "", status: DeploymentStatus | None = None) -> Snapshot:
    """An agent's snapshot in which a Deployment has these pods."""
    said = troubled()
    owner = ObjectStatus(key=WEB_KEY, phase="Progressing", pods=pods, status=status)
    daemon = ObjectStatus(
        key=ObjectKey(kind="DaemonSet", namespace="default", name="log"), phase="Ready", pods=(pod("log-1", "edge-1"),)
    )
    why = (Waiting(reason="disruption", message=waiting, pod=CRASH, host="edge-1"),) if waiting else ()
    fleet = replace(said.fleet, in_force=Revision(id=in_force), statuses=(owner, daemon), waiting=why)
    return replace(said, fleet=fleet, hosts=())


def _told(monkeypatch: pytest.MonkeyPatch, target: str, *told: Snapshot | BaseException) -> None:
    """Have the agent publish one thing after another; ``HEAD`` in them is what is in force then."""

    def snapshots(_config: object, *, timeout: float) -> Iterator[Snapshot]:
        assert timeout == 90.0
        for one in told:
            if isinstance(one, BaseException):
                raise one
            in_force = one.fleet.in_force
            if in_force and in_force.id == "NEXT":
                in_force = Revision(id=push(Path("fleet.git").absolute(), {"notes": "somebody else's\n"}))
                yield replace(one, fleet=replace(one.fleet, in_force=in_force))
            elif in_force and in_force.id == "HEAD":
                head = Revision(id=git(Path("fleet.git"), "rev-parse", "main"))
                yield replace(one, fleet=replace(one.fleet, in_force=head))
            else:
                yield one

    module, _, name = target.rpartition(".")
    monkeypatch.setattr(import_module(module), name, snapshots)


def test_a_drain_is_followed_to_its_end(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = git(bare, "rev-parse", "main")
    here, elsewhere = pod("web-6d4f-1", "edge-1"), pod("web-6d4f-0", "edge-2")
    other = pod("web-6d4f-2", "edge-1")
    done = replace(pod("once", "edge-1"), phase="Succeeded")
    why = "budget default/web allows no disruption"
    _told(
        monkeypatch,
        DRAIN,
        _snapshot(base, elsewhere),  # as it was before the push: nothing is drained by that
        _snapshot("HEAD", here, other, elsewhere, waiting=why),
        _snapshot("HEAD", here, elsewhere, waiting=why),
        _snapshot("HEAD", elsewhere, done),
    )
    said = trimtab("drain", "edge-1", "--timeout", "90s").stdout.splitlines()
    assert said[0] == "host/edge-1 draining"
    assert said[2:] == [
        "2 pods to move",
        f"pod default/web-6d4f-1 waits: {why}",
        "pod default/web-6d4f-2 is gone from edge-1, 1 left",
        "pod default/web-6d4f-1 is gone from edge-1, 0 left",
        "host/edge-1 drained",
    ]


@pytest.mark.usefixtures("bare")
def test_a_drain_goes_on_when_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _told(monkeypatch, DRAIN, _snapshot("HEAD", pod("web-6d4f-1", "edge-1")), OutOfTime())
    late = trimtab("drain", "edge-1", "--timeout=90s", code=1).stderr
    assert "still there: default/web-6d4f-1" in late
    assert "trimtab uncordon edge-1" in late
    _told(monkeypatch, DRAIN, _snapshot("HEAD", pod("web-6d4f-1", "edge-1")), KeyboardInterrupt())
    assert "edge-1 goes on being drained" in trimtab("drain", "edge-1", "--timeout=90s", code=130).stderr


@pytest.mark.usefixtures("bare")
def test_a_drain_that_the_agent_does_not_take_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    trimtab("drain", "edge-1", code=1)
    head = git(Path("fleet.git"), "rev-parse", "main")
    held = _snapshot("older", pod("web-6d4f-1", "edge-1"))
    held = replace(held, fleet=replace(held.fleet, held=head, held_why="it would remove every pod"))
    _told(monkeypatch, DRAIN, held)
    refused = trimtab("drain", "edge-1", "--timeout=90s", code=1).stderr
    assert f"the agent holds back revision {head[:12]}: it would remove every pod" in refused


def test_a_rollout_is_followed_to_its_end(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(bare, {"apps/web.yaml": WEB.replace("1.28", "1.29")})
    through = DeploymentStatus(replicas=2, updated_replicas=2, available_replicas=2)
    half = DeploymentStatus(replicas=2, updated_replicas=1, available_replicas=1)
    _told(
        monkeypatch,
        STATUS,
        _snapshot("older", status=through),
        _snapshot("HEAD", status=half),
        _snapshot("HEAD", status=half),
        _snapshot("HEAD", status=through),
    )
    assert trimtab("rollout", "status", "deploy/web", "--timeout=90s").stdout.splitlines() == [
        "Waiting for deployment spec update to be observed...",
        'Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated...',
        'deployment "web" successfully rolled out',
    ]


@pytest.mark.usefixtures("bare")
def test_a_rollout_that_does_not_get_there_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Condition(type="Progressing", status="False", reason="ProgressDeadlineExceeded")
    stuck = DeploymentStatus(replicas=2, updated_replicas=1)
    _told(monkeypatch, STATUS, _snapshot("HEAD", status=replace(stuck, conditions=(late,))))
    assert (
        "exceeded its progress deadline" in trimtab("rollout", "status", "deploy/web", "--timeout=90s", code=1).stderr
    )
    _told(monkeypatch, STATUS, _snapshot("HEAD", status=stuck), OutOfTime())
    said = trimtab("rollout", "status", "deploy/web", "--timeout=90s", code=1).stderr
    assert "timed out waiting for the condition" in said


def test_what_a_running_agent_publishes_is_read_and_a_dead_one_is_not_waited_for(bare: Path, tmp_path: Path) -> None:
    head = git(bare, "rev-parse", "main")
    through = DeploymentStatus(replicas=2, updated_replicas=2, available_replicas=2)
    with StateLock(tmp_path / "state", "prod"):
        publish(tmp_path / "state", _snapshot(head, status=through))
        assert "successfully rolled out" in trimtab("rollout", "status", "deploy/web").stdout
        assert "successfully" in trimtab("rollout", "status", "deploy", "web", "--watch=false").stdout
        publish(tmp_path / "state", _snapshot(head, status=DeploymentStatus(replicas=2)))
        trimtab("rollout", "status", "deploy/web", "--timeout=1ms", code=1)


@pytest.mark.usefixtures("bare")
def test_a_newer_commit_in_force_counts_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    trimtab("drain", "edge-1", code=1)
    _told(monkeypatch, DRAIN, _snapshot("NEXT"))
    assert trimtab("drain", "edge-1", "--timeout=90s").stdout.endswith("host/edge-1 drained\n")
