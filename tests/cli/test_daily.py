"""The verbs of daily use, as far as no host is needed for them."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from rich.progress import Progress
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.reach.copying import Place, parse_place, unpack
from agent.cli.render import describe, explanation
from agent.cli.render.describe import Subject
from agent.cli.render.event import event_line
from agent.cli.render.log_line import LogStyle
from agent.cli.render.paint import plain
from agent.cli.render.top import Measured, container_rows, host_rows, pod_rows, render
from agent.cli.selecting import label_matcher
from agent.cli.verbs.port_forward import parse_ports
from agent.hosts.logs import LogLine
from agent.manifests.explanation import explain_field
from agent.model.objects import Secret
from agent.model.objects.meta import ObjectKey, ObjectMeta, PodKey
from agent.model.objects.pod import (
    ConfigRef,
    Container,
    ContainerPort,
    EmptyDirVolume,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    HttpGetAction,
    KeyRef,
    PodSpec,
    Probe,
    ResourceRequirements,
    SecretVolume,
    Volume,
    VolumeMount,
)
from agent.model.observation import Seen
from agent.model.plan import Waiting
from agent.model.status import ContainerStatus, PodCondition, PodStatus, Termination
from agent.model.usage import ContainerUsage, Usage
from agent.ports import Event, Permanent
from tests.cli.goldens import assert_golden
from tests.cli.scenario import running

NOW = 1_800_000_000.0
LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("written", "selected"),
    [
        ("app=web", True),
        ("app==web,tier!=db", True),
        ("app!=web", False),
        ("app in (api, web)", True),
        ("app notin (api,web)", False),
        ("tier,!old", True),
        ("old", False),
    ],
)
def test_selectors_select_as_kubectl_s_do(written: str, *, selected: bool) -> None:
    assert label_matcher(written)(LABELS) is selected


@pytest.mark.parametrize("written", ["", "=x", "app in web", "a b", "app=web,,"])
def test_what_is_no_selector_is_an_error(written: str) -> None:
    with pytest.raises(Permanent, match="is not a label selector"):
        label_matcher(written)


def test_places_and_ports_are_read_as_kubectl_does() -> None:
    assert parse_place("web-0:/tmp/x") == Place(namespace="", pod="web-0", path="/tmp/x")
    assert parse_place("ops/web-0:x") == Place(namespace="ops", pod="web-0", path="x")
    assert parse_place("./a:b") is None
    assert parse_place("/tmp/a") is None
    assert [parse_ports(each) for each in ("80", "8080:80", ":80")] == [(80, 80), (8080, 80), (0, 80)]
    for wrong in ("web", "80:", "70000", "1:2:3", "0"):
        with pytest.raises(Permanent):
            parse_ports(wrong)


def archive(*entries: tarfile.TarInfo) -> BytesIO:
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as made:
        for entry in entries:
            made.addfile(entry)
    content.seek(0)
    return content


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    "entries",
    [
        [entry("loot/../../out")],
        [entry("/loot")],
        [entry("other")],
        [entry("loot", tarfile.CHRTYPE)],
        [entry("loot", tarfile.DIRTYPE), entry("loot/hard", tarfile.LNKTYPE, "/etc/passwd")],
        [entry("loot", tarfile.DIRTYPE), entry("loot/hard", tarfile.LNKTYPE, "../../out")],
    ],
)
def test_a_hostile_archive_is_refused(entries: list[tarfile.TarInfo], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with Progress(disable=True) as progress:
        progress.add_task("x")
        assert unpack(archive(*entries), folder, "loot", progress)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_planted_link_is_left_out_and_what_goes_through_it_stays_inside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, outside = tmp_path / "in", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    link = entry("loot/link", tarfile.SYMTYPE, str(outside))
    with Progress(disable=True) as progress:
        progress.add_task("x")
        told = unpack(archive(entry("loot", tarfile.DIRTYPE), link, entry("loot/link/file")), folder, "loot", progress)
    assert told == ""
    assert 'skipping symlink: "loot/link"' in capsys.readouterr().err
    assert (folder / "loot/link/file").exists()
    assert not list(outside.iterdir())


def test_lines_of_logs() -> None:
    line = LogLine(time="2026-01-31T08:00:00Z", stream="stdout", text="\x1b[2Jhello")
    style = LogStyle(prefix=True, timestamps=True, raw=False, paint=plain)
    assert style.text("pod/one/main", line) == "[pod/one/main] 2026-01-31T08:00:00Z \\x1b[2Jhello"
    raw = LogStyle(prefix=False, timestamps=False, raw=True, paint=plain)
    assert raw.text("pod/one/main", line) == "\x1b[2Jhello"


def test_top_is_what_was_used_between_two_samples() -> None:
    seen = running()["edge-1"]
    assert isinstance(seen, Seen)
    ours = next(each for each in seen.containers if each.config.labels.get("trimtab.dev/agent") == "test")
    first = Usage(at=10.0, cpu_seconds=100.0, containers={ours.id: ContainerUsage(cpu_seconds=5.0)})
    second = Usage(
        at=12.0,
        cpu_seconds=101.0,
        memory_bytes=3 << 30,
        containers={ours.id: ContainerUsage(cpu_seconds=5.5, memory_bytes=64 << 20)},
    )
    measured = [Measured(host="edge-1", seen=seen, first=first, second=second)]
    (row,) = pod_rows(measured, "test")
    assert (round(row.cpu_millis), row.memory_bytes) == (250, 64 << 20)
    assert [each.container for each in container_rows(measured, "test")] == [ours.config.name]
    assert pod_rows(measured, "another agent") == []
    assert render("hosts", host_rows(measured), namespaces=False, containers=False).splitlines()[1].split()[:2] == [
        "edge-1",
        "500m",
    ]


def spec() -> PodSpec:
    main = Container(
        name="web",
        image="registry/web:1.1",
        command=("serve", "--port=8080"),
        ports=(ContainerPort(container_port=8080, host_port=80),),
        resources=ResourceRequirements(limits={"memory": "128Mi"}, requests={"cpu": "100m"}),
        readiness_probe=Probe(http_get=HttpGetAction(path="/healthz", port=8080)),
        env=(
            EnvVar(name="MODE", value="fast"),
            EnvVar(name="PASSWORD", value_from=EnvVarSource(secret_key_ref=KeyRef(name="db", key="password"))),
        ),
        env_from=(EnvFromSource(config_map_ref=ConfigRef(name="settings")),),
        volume_mounts=(VolumeMount(name="scratch", mount_path="/tmp"), VolumeMount(name="keys", mount_path="/k")),
    )
    return PodSpec(
        containers=(main,),
        init_containers=(Container(name="migrate", image="registry/web:1.1"),),
        volumes=(
            Volume(name="scratch", empty_dir=EmptyDirVolume(size_limit="1Gi")),
            Volume(name="keys", secret=SecretVolume(secret_name="db")),
        ),
    )


def crashing() -> Subject:
    key = PodKey(namespace="default", name="web-6d4f-0")
    main = ContainerStatus(
        name="web",
        state="waiting",
        restarts=3,
        reason="CrashLoopBackOff",
        message="starts again in 40s",
        image="registry/web:1.1",
        last=Termination(exit_code=137, reason="OOMKilled", started_at=NOW - 90, finished_at=NOW - 60),
    )
    init = ContainerStatus(name="migrate", state="terminated", reason="Completed", since=NOW - 300, role="init")
    pod = PodStatus(
        key=key,
        owner=ObjectKey(kind="Deployment", namespace="default", name="web"),
        host="edge-1",
        phase="Running",
        ready=False,
        reason="CrashLoopBackOff",
        ips=("10.88.1.7",),
        created_at=NOW - 600,
        containers=(main,),
        init_containers=(init,),
        conditions=(PodCondition(type="Ready", status="False", reason="ContainersNotReady"),),
        qos_class="Burstable",
    )
    return Subject(
        key=ObjectKey(kind="Pod", namespace="default", name="web-6d4f-0"),
        now=NOW,
        declared_at="apps/web.yaml:12 @ 3f2a9c1d2e4f",
        metadata=ObjectMeta(name="web-6d4f-0", labels=LABELS),
        spec=spec(),
        pod=pod,
        waiting=(Waiting(reason="back-off", message="container web crashed 3 times", pod=key, until=NOW + 40),),
        events=(Event(at=NOW - 60, type="Warning", reason="BackOff", message="restarting web\x1b[2J"),),
    )


def test_a_crashing_pod_is_described() -> None:
    assert_golden("describe_pod.txt", describe.render(crashing()))


def test_the_events_of_a_host_say_of_which_pod_they_are_and_its_name_once() -> None:
    unseen = Event(at=NOW, type="Warning", reason="HostUnseen", message="edge-1: no route to host", host="edge-1")
    killed = Event(at=NOW, type="Normal", reason="Killed", message="remove", object="Pod default/web-0", host="edge-1")
    key = ObjectKey(kind="Host", namespace="", name="edge-1")
    text = describe.render(Subject(key=key, now=NOW, declared_at="edge.yaml:1 @ 3f2a", events=(unseen, killed)))
    assert [line.rpartition("ago)  ")[2] for line in text.splitlines()[-2:]] == [
        "no route to host",
        "Pod default/web-0: remove",
    ]
    assert event_line(unseen).endswith("  edge-1: no route to host")


def test_a_secret_shows_its_keys_and_sizes_only() -> None:
    body = Secret(
        metadata=ObjectMeta(name="db", namespace="default"),
        data={"token": "aGlkZGVu"},
        string_data={"password": "hidden-too"},
    )
    key = ObjectKey(kind="Secret", namespace="default", name="db")
    text = describe.render(Subject(key=key, now=NOW, declared_at="db.yaml:1 @ 3f2a", metadata=body.metadata, body=body))
    assert "password:         10 bytes" in text
    assert "token:            6 bytes" in text
    assert "hidden" not in text
    assert "aGlkZGVu" not in text


def test_a_field_is_explained() -> None:
    text = explanation.render(explain_field("pod.spec.containers.livenessProbe"))
    assert text.startswith("KIND:       Pod\nVERSION:    v1\n\nFIELD: livenessProbe <Probe>\n\nDESCRIPTION:\n")
    assert "\n  failureThreshold\t<integer>\n" in text
    refused = explanation.render(explain_field("pod.spec.containers.volumeDevices"))
    assert "FIELD: volumeDevices -not taken-" in refused
    assert "containers get file systems, not raw devices" in " ".join(refused.split())
    tree = explanation.render_tree(explain_field("pod.spec"), "pod.spec")
    assert "\n  containers\t<[]Container>\n" in tree
    assert "\n      httpGet\t<HttpGetAction>\n" in tree or "\n      httpGet\t<" in tree


def test_a_field_that_is_not_there_names_the_nearest() -> None:
    done = CliRunner().invoke(app, ["explain", "po.spec.contaners"])
    assert done.exit_code == 1
    assert "did you mean `containers`?" in done.stderr
