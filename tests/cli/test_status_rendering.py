"""`trimtab status` and `get`: what stands, readable, complete, and without what must not be shown."""

import json
import re

import pytest
from msgspec.structs import replace

from agent.cli.render import get, manifest, progress, status_json, status_text
from agent.cli.render.get import Entry
from agent.cli.render.status_report import StatusReport
from agent.cli.service.summary import one_line, under_way
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import RuntimeFacts
from agent.model.origin import Revision
from agent.model.plan import Waiting
from agent.model.status import ContainerStatus, ObjectStatus, PodStatus
from agent.reconciler.once import Converged
from agent.reconciler.reporting.reasons import Unconverged
from agent.reconciler.reporting.snapshot import FleetState, HostState, InFlight, Metrics, Snapshot, SourceState
from tests.cli.goldens import assert_golden
from tests.cli.scenario import APPS, MARKER, NOW, Folder, fleet_of

WEB = ObjectKey(kind="Deployment", namespace="default", name="web")
CRASH = PodKey(namespace="default", name="web-6d4f-1")


def pod(name: str, host: str, *, ready: bool = True, reason: str = "", message: str = "") -> PodStatus:
    container = ContainerStatus(
        name="web", state="running" if ready else "waiting", ready=ready, restarts=0 if ready else 4, since=NOW - 90
    )
    return PodStatus(
        key=PodKey(namespace="default", name=name),
        owner=WEB,
        host=host,
        phase="Running",
        ready=ready,
        reason=reason,
        message=message,
        ips=("10.88.1.3", "fd88::3"),
        created_at=NOW - 7300,
        containers=(container,),
    )


def troubled() -> Snapshot:
    pods = (
        pod("web-6d4f-0", "edge-1"),
        pod("web-6d4f-1", "edge-1", ready=False, reason="CrashLoopBackOff", message="exit code 1, restart 4 in 38s"),
    )
    statuses = (
        ObjectStatus(
            key=WEB,
            phase="Progressing",
            reason="RolloutWaits",
            message="1 of 2 pods is ready",
            wanted=2,
            updated=2,
            ready=1,
            available=1,
            pods=pods,
        ),
        ObjectStatus(key=ObjectKey(kind="ConfigMap", namespace="default", name="site"), phase="Ready"),
        ObjectStatus(key=ObjectKey(kind="Secret", namespace="default", name="db"), phase="Ready"),
    )
    hosts = (
        HostState(
            name="edge-1",
            seen=True,
            since=NOW - 9000,
            facts=RuntimeFacts(version="1.7.28"),
            wanted=2,
            planned=1,
            in_flight=(InFlight(pod=CRASH, verb="restart", rule="container-exited", since=NOW - 3),),
            waiting=(
                Waiting(reason="back-off", message="restart 4 backs off", pod=CRASH, host="edge-1", until=NOW + 38),
            ),
        ),
        HostState(name="edge-2", seen=False, since=NOW - 600, reason="10.0.0.12:22 does not answer", wanted=1),
    )
    return Snapshot(
        at=NOW - 1,
        agent="prod",
        source=SourceState(head=Revision(id="b" * 40), synced_at=NOW - 12),
        fleet=FleetState(
            in_force=Revision(id="a" * 40, author="Ana", subject="bump web"),
            in_force_since=NOW - 400,
            refused="b" * 40,
            refused_why=("apps/web.yaml:14:11: Deployment default/web: unknown field `imagee`, did you mean `image`?",),
            statuses=statuses,
            planned_at=NOW - 2,
        ),
        hosts=hosts,
        metrics=Metrics(),
        converged=False,
    )


def reported(snapshot: Snapshot, running: str | None = "pid 812 on box") -> StatusReport:
    return StatusReport(
        snapshot=snapshot, now=NOW, source="git@git.example.com:ops/fleet.git branch main", running=running
    )


def test_the_status_of_a_bad_night_says_what_is_wrong_and_why() -> None:
    assert_golden("status.txt", status_text.render(reported(troubled())))


def test_a_held_revision_comes_with_the_command_that_lets_it_through() -> None:
    fleet = replace(troubled().fleet, refused="", held="c" * 40, held_why="would remove 5 of 6 pods")
    text = status_text.render(reported(replace(troubled(), fleet=fleet)))
    assert "Held      cccccccccccc: would remove 5 of 6 pods" in text
    assert "trimtab approve cccccccccccc" in text
    assert "Refused" not in text


def test_a_newer_revision_that_waits_is_named_with_what_lets_it_come() -> None:
    newer = replace(troubled(), fleet=replace(troubled().fleet, refused="", refused_why=()))
    newer = replace(newer, source=replace(newer.source, head=Revision(id="d" * 40, author="Ben", subject="scale web")))
    waiting = "Newest    dddddddddddd (Ben: scale web), not in force"
    assert f"{waiting}: start `trimtab agent`, or run `trimtab apply`\n" in status_text.render(reported(newer, None))
    assert f"{waiting} yet\n" in status_text.render(reported(newer))
    for told in ({"refused": "d" * 40}, {"held": "d" * 40}, {"in_force": newer.source.head}):
        known = replace(newer, fleet=replace(newer.fleet, **told))
        assert "Newest" not in status_text.render(reported(known)), told


def lost_and_full() -> Snapshot:
    """One host is lost, with a pod of a StatefulSet on it; and no host fits a pod."""
    lost = "edge-2: cannot connect to 10.0.0.12:22: timed out"
    unseen, full = f"unseen: {lost}; what runs there is left as it is", "cpu short by 98 on edge-1; unseen on edge-2"
    db, big = ObjectKey(kind="StatefulSet", namespace="default", name="db"), PodKey(namespace="default", name="huge")
    edge = ObjectKey(kind="Host", namespace="", name="edge-2")
    why = "waits for db-0 on edge-2 to be running (HostUnseen); db-0 must not run twice"
    statuses = (
        ObjectStatus(key=edge, phase="Waiting", reason="HostUnseen", message=unseen),
        ObjectStatus(
            key=ObjectKey(kind="Pod", namespace="default", name="huge"),
            phase="Waiting",
            reason="Unschedulable",
            message=f"huge: no host fits: {full}",
            wanted=1,
            pods=(pod("huge", "", ready=False, reason="Unschedulable", message=f"no host fits: {full}"),),
        ),
        ObjectStatus(
            key=db,
            phase="Waiting",
            reason="HostUnseen",
            message=why,
            wanted=1,
            pods=(pod("db-0", "edge-2", ready=False, reason="HostUnseen", message=lost),),
        ),
    )
    waiting = (
        Waiting(reason="unschedulable", message=f"no host fits huge: {full}", pod=big),
        Waiting(reason="rollout", message=f"rollout of default/db {why}", object=db),
        Waiting(reason="unseen", message=unseen, object=edge),
        Waiting(reason="disruption", message="budget default/web allows no disruption", pod=CRASH),
    )
    crash = Waiting(reason="back-off", message="restart 4 backs off", pod=CRASH, host="edge-1", until=NOW + 38)
    gone = Waiting(reason="unseen", message=f"host edge-2 cannot be seen since 08:00:00Z: {lost}", host="edge-2")
    hosts = (
        HostState(name="edge-1", seen=True, since=NOW - 9000, wanted=0, settled=True, waiting=(crash,)),
        HostState(name="edge-2", seen=False, since=NOW - 600, reason=lost, wanted=1, waiting=(gone,)),
    )
    return replace(troubled(), fleet=FleetState(statuses=statuses, waiting=waiting), hosts=hosts)


def test_what_keeps_many_things_waiting_is_told_once() -> None:
    assert_golden("status-unseen.txt", status_text.render(reported(lost_and_full())))


def test_a_host_that_nobody_got_to_look_at_is_not_left_out() -> None:
    new = ObjectStatus(key=ObjectKey(kind="Host", namespace="", name="edge-0"), phase="Waiting", reason="HostUnseen")
    fleet = replace(troubled().fleet, statuses=(new, *troubled().fleet.statuses))
    report = reported(replace(troubled(), fleet=fleet))
    assert "\nedge-0   unseen       -            0/0     not looked at yet\n" in status_text.render(report)
    assert [host["name"] for host in json.loads(status_json.render(report))["hosts"]] == ["edge-0", "edge-1", "edge-2"]


def stuck() -> Snapshot:
    """A rollout that cannot get on: the older pod serves on edge-1, where nothing is wanted any more."""
    why = 'image r/web:2: the registry has no such image: failed to pull "r/web:2": ' + "not found " * 20
    waiting = Waiting(
        reason="image-pull",
        message=f"failed, next try at 2027-01-15 08:00:10Z: {why[:200]}… ({len(why)} characters)",
        pod=PodKey(namespace="default", name="web-new-0"),
        host="edge-2",
        until=NOW + 10,
    )
    pods = (
        pod("web-new-0", "edge-2", ready=False, reason="ImagePullBackOff", message=why),
        pod("web-old-0", "edge-1"),
        replace(pod("job-0", "edge-1", ready=False), phase="Succeeded"),
    )
    web = ObjectStatus(key=WEB, phase="Progressing", reason="Replacing", wanted=1, ready=1, available=1, pods=pods)
    hosts = (
        HostState(name="edge-1", seen=True, since=NOW, revision="a", wanted=0, settled=True),
        HostState(name="edge-2", seen=True, since=NOW, revision="a", wanted=1, waiting=(waiting,)),
    )
    return replace(troubled(), fleet=FleetState(statuses=(web,)), hosts=hosts)


def test_a_host_has_the_older_pods_of_a_stuck_rollout_too_and_none_that_have_ended() -> None:
    text = status_text.render(reported(stuck()))
    assert re.findall(r"^(edge-\d) .* (\d/\d) ", text, re.MULTILINE) == [("edge-1", "1/1"), ("edge-2", "0/1")]
    told = json.loads(status_json.render(reported(stuck())))["hosts"]
    assert [(host["pods"]["ready"], host["pods"]["total"]) for host in told] == [(1, 1), (0, 1)]
    lines = progress.host_lines(stuck())
    assert lines["edge-1"] == "edge-1  1/1 ready"
    assert lines["edge-2"].startswith("edge-2  0/1 ready; waits: ")
    edges = [
        Entry(namespace="", name=host.name, host=host, host_pods=tuple(reported(stuck()).pods_of(host.name)))
        for host in stuck().hosts
    ]
    table = get.render("Host", edges, now=NOW, wide=False, namespaces=False)
    assert [line.split()[2] for line in table.splitlines()] == ["PODS", "1/1", "0/1"]


def test_why_a_pull_fails_is_told_once_with_its_pod_and_its_host_says_when_it_is_tried_again() -> None:
    text = status_text.render(reported(stuck()))
    assert text.count("the registry has no such image") == 1
    assert "default/web-new-0 on edge-2: ImagePullBackOff: image r/web:2: the registry has no such image" in text
    assert "  … default/web-new-0 waits 10s: failed, next try at 2027-01-15 08:00:10Z\n" in text
    (edge_1, edge_2), snapshot = stuck().hosts, stuck()
    (one,) = edge_2.waiting
    tried = replace(one, message=one.message.replace(": image", ": start container web: image"))
    hosts = (edge_1, replace(edge_2, waiting=(tried,)))
    assert "start container" not in status_text.render(reported(replace(snapshot, hosts=hosts)))


def test_json_status_for_programs() -> None:
    status = json.loads(status_json.render(reported(troubled())))
    assert status["version"] == 1
    assert status["source"]["inForce"]["revision"] == "a" * 40
    assert status["source"]["refused"]["revision"] == "b" * 40
    assert status["source"]["held"] is None
    assert [(host["name"], host["seen"]) for host in status["hosts"]] == [("edge-1", True), ("edge-2", False)]
    (web,) = (entry for entry in status["objects"] if entry["kind"] == "Deployment")
    assert (web["phase"], web["ready"], web["wanted"]) == ("Progressing", 1, 2)


def test_what_is_broken_off_when_the_agent_ends_is_named() -> None:
    assert under_way(troubled()) == [f"restart {CRASH} on edge-1"]


def test_one_line_for_systemctl() -> None:
    assert one_line(troubled()) == "aaaaaaaaaaaa in force, 1/2 hosts seen, 2/3 objects ready, bbbbbbbbbbbb refused"


def entries(kind: str) -> list[Entry]:
    if kind == "Pod":
        return [
            Entry(namespace=one.key.namespace, name=one.key.name, pod=one)
            for status in troubled().fleet.statuses
            for one in status.pods
        ]
    statuses = {status.key: status for status in troubled().fleet.statuses}
    hosts = {host.name: host for host in troubled().hosts}
    return [
        Entry(
            namespace=key.namespace,
            name=key.name,
            body=declared.body,
            status=statuses.get(key),
            host=hosts.get(key.name),
        )
        for key, declared in fleet_of(Folder(APPS)).objects.items()
        if key.kind == kind
    ]


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "Host", "ConfigMap", "Secret"])
def test_tables_are_those_of_kubectl(kind: str) -> None:
    tables = [
        get.render(kind, entries(kind), now=NOW, wide=wide, namespaces=namespaces)
        for wide, namespaces in ((False, False), (True, True))
    ]
    assert_golden(f"get-{kind.lower()}.txt", "\n\n".join(tables))


def test_sidecars_count_among_a_pods_containers_and_init_containers_do_not() -> None:
    made = ContainerStatus(name="migrate", state="terminated", ready=True, role="init", restarts=5)
    proxy = ContainerStatus(name="proxy", state="running", ready=True, role="sidecar", restarts=2)
    app = ContainerStatus(name="app", state="waiting", restarts=1)
    shop = PodStatus(
        key=CRASH,
        owner=ObjectKey(kind="Pod", namespace="default", name="shop"),
        host="edge-1",
        phase="Running",
        ready=False,
        containers=(app,),
        init_containers=(made, proxy),
    )
    table = get.render(
        "Pod", [Entry(namespace="default", name="shop", pod=shop)], now=NOW, wide=False, namespaces=False
    )
    assert table.splitlines()[1].split()[:4] == ["shop", "1/2", "Running", "3"]


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "Host", "ConfigMap", "Secret"])
def test_no_form_of_get_shows_a_secret(kind: str) -> None:
    found = entries(kind)
    shown = [
        manifest.render_json(found, single=False),
        manifest.render_yaml(found, single=False),
        manifest.render_yaml(found, single=True),
        get.render(kind, found, now=NOW, wide=True, namespaces=True),
    ]
    for text in shown:
        assert MARKER not in text
    if kind == "Secret":
        assert "password" in shown[0]


def test_yaml_reads_as_a_manifest() -> None:
    text = manifest.render_yaml(entries("Deployment"), single=True)
    assert text.startswith("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n")
    assert "\n  readyReplicas: 1\n" in text


def test_apply_tells_where_it_is_and_why_it_did_not_get_there() -> None:
    lines = progress.host_lines(troubled())
    assert lines["edge-1"] == "edge-1  connected", "nobody has said yet what it should run"
    asked = replace(troubled(), hosts=tuple(replace(host, revision="3f9a01c") for host in troubled().hosts))
    lines = progress.host_lines(asked)
    assert lines["edge-1"] == "edge-1  1/2 ready; restart default/web-6d4f-1"
    assert lines["edge-2"] == "edge-2  unseen: 10.0.0.12:22 does not answer"
    reason = Unconverged(message="CrashLoopBackOff: exit code 1", host="edge-1", pod=CRASH)
    ended = progress.ending(Converged(converged=False, snapshot=troubled(), reasons=(reason,), seconds=300))
    assert ended == [
        "  Pod default/web-6d4f-1 on edge-1: CrashLoopBackOff: exit code 1",
        "Not converged after 5m: 1 reason above",
    ]
