"""Probes and hooks go with the container as annotations, ports by number, and count as configuration."""

import msgspec
import pytest

from agent.model.labels import LIFECYCLE, POST_START, PROBES, ROLE, TERMINATION_MESSAGE
from agent.model.objects.pod import (
    Container,
    ContainerPort,
    ExecAction,
    GrpcAction,
    HttpGetAction,
    Lifecycle,
    LifecycleHandler,
    Probe,
    SleepAction,
    TcpSocketAction,
)
from agent.model.probing import Probes
from agent.planner.host import RenderedPod, machine, render_pod
from tests.planner.host.build import FACTS, KEY, container, converge, desired, only, plan, pod

PORTS = (ContainerPort(container_port=8080, name="http"),)
BY_NAME = Probe(http_get=HttpGetAction(port="http", path="/healthz"), period_seconds=3)


def made(*containers: Container, **spec: object) -> RenderedPod:
    return render_pod(pod("web", *containers, **spec), machine("edge-1", "prod", KEY, FACTS))  # type: ignore[arg-type]  # a test's shorthand


def annotations(one: Container) -> dict[str, str]:
    found = made(one)
    assert not found.refused, found.refused
    return dict(found.containers[0].config.annotations)


def test_probes_outlive_the_manifest_with_ports_by_number() -> None:
    one = container(
        ports=PORTS,
        readiness_probe=BY_NAME,
        liveness_probe=Probe(tcp_socket=TcpSocketAction(port="http")),
        startup_probe=Probe(grpc=GrpcAction(port=9000, service="x"), failure_threshold=30),
    )
    written = annotations(one)[PROBES]
    read = msgspec.json.decode(written, type=Probes)
    assert read == Probes(
        startup=Probe(grpc=GrpcAction(port=9000, service="x"), failure_threshold=30),
        liveness=Probe(tcp_socket=TcpSocketAction(port=8080)),
        readiness=Probe(http_get=HttpGetAction(port=8080, path="/healthz"), period_seconds=3),
    )
    assert made(one).containers[0].probes == read


def test_only_what_is_set_is_written_so_that_a_release_with_more_fields_restarts_nothing() -> None:
    assert annotations(container(liveness_probe=Probe(exec=ExecAction(command=("true",)))))[PROBES] == (
        '{"liveness":{"exec":{"command":["true"]}}}'
    )


def test_hooks() -> None:
    stop = LifecycleHandler(http_get=HttpGetAction(port="http"))
    begin = LifecycleHandler(sleep=SleepAction(seconds=2))
    one = container(ports=PORTS, lifecycle=Lifecycle(pre_stop=stop, post_start=begin))
    found = made(one).containers[0]
    assert found.post_start == begin
    assert found.pre_stop == LifecycleHandler(http_get=HttpGetAction(port=8080))
    assert msgspec.json.decode(found.config.annotations[LIFECYCLE], type=LifecycleHandler) == found.pre_stop
    assert msgspec.json.decode(found.config.annotations[POST_START], type=LifecycleHandler) == begin


@pytest.mark.parametrize("port", ["web", "", "99999", "0"])
def test_a_port_that_nobody_has_is_refused(port: str) -> None:
    one = container(ports=PORTS, liveness_probe=Probe(tcp_socket=TcpSocketAction(port=port)))
    assert "has no port named" in made(one).refused


def test_a_container_that_asks_for_nothing_says_nothing() -> None:
    assert annotations(container()).keys() & {PROBES, LIFECYCLE, POST_START, ROLE} == set()


def test_init_containers_and_sidecars_know_their_place() -> None:
    found = made(
        container("main"),
        init_containers=(container("one"), container("proxy", restart_policy="Always"), container("two")),
    )
    assert [(each.role, each.config.annotations.get(ROLE)) for each in (*found.init, *found.containers)] == [
        ("init", "init/0"),
        ("sidecar", "sidecar/1"),
        ("init", "init/2"),
        ("main", None),
    ]


def test_where_a_container_says_why_it_ends() -> None:
    assert annotations(container())[TERMINATION_MESSAGE] == "/dev/termination-log File"
    own = container(termination_message_path="/tmp/last words", termination_message_policy="FallbackToLogsOnError")
    assert annotations(own)[TERMINATION_MESSAGE].rpartition(" ") == ("/tmp/last words", " ", "FallbackToLogsOnError")


def changes(old: Container, new: Container) -> list[tuple[str, str | None, str | None]]:
    action = only(plan(desired(pod("web", new)), converge(desired(pod("web", old)))))
    return [(one.path, one.live, one.desired) for one in action.differences]


def test_a_changed_probe_or_hook_restarts_and_says_which_field() -> None:
    at = "spec.containers[web]"
    old = container(ports=PORTS, lifecycle=Lifecycle(post_start=LifecycleHandler(sleep=SleepAction(seconds=2))))
    new = container(ports=PORTS, lifecycle=Lifecycle(post_start=LifecycleHandler(sleep=SleepAction(seconds=3))))
    assert changes(old, new) == [(f"{at}.lifecycle.postStart.sleep.seconds", "2", "3")]
    assert changes(
        container(), container(lifecycle=Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(command=("x",)))))
    ) == [(f"{at}.lifecycle.preStop.exec.command", None, '["x"]')]
    assert changes(
        container(liveness_probe=Probe(exec=ExecAction(command=("a",)))),
        container(liveness_probe=Probe(exec=ExecAction(command=("a",)), period_seconds=5)),
    ) == [(f"{at}.livenessProbe.periodSeconds", None, "5")]
    assert changes(container(), container(termination_message_path="/x")) == [
        (f"{at}.terminationMessagePath", "/dev/termination-log", "/x")
    ]
