"""Checks and hooks against real services: in pods of the lab, and beside them on its hosts."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from agent.hosts.handlers import Handled, run_handler, run_probe
from agent.hosts.host import ContainerdHost
from agent.hosts.session import Session
from agent.hosts.ssh import direct
from agent.hosts.ssh.link import SshLink
from agent.model.action import PullImage
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import (
    ExecAction,
    GrpcAction,
    HttpGetAction,
    HttpHeader,
    LifecycleHandler,
    Probe,
    SleepAction,
    TcpSocketAction,
)
from agent.model.probing import ProbeResult, ProbeTarget
from agent.ports import Permanent
from lab import Lab
from lab.host import LabHost
from tests.e2e.fleet import eventually
from tests.hosts.pods import container_config, container_of, create_steps, sandbox_config, sandbox_of, succeed

pytestmark = pytest.mark.lab
HERE = "127.0.0.1"
Opener = Callable[..., ContainerdHost]


@pytest.fixture(scope="module")
def _services(lab: Lab) -> Iterator[None]:
    """Services on the first host's loopback."""
    init = lab.host("h1").init
    assert init is not None
    command = ["nsenter", f"--target={init.pid}", "--net", "--", sys.executable, "-m", "tests.hosts.services"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield
    process.communicate(timeout=30)


@pytest.fixture
def session(host: ContainerdHost, _services: None) -> Session:
    host.observe()
    assert host._session is not None
    return host._session


def check(session: Session, container_id: str = "", address: str = HERE, **probe: object) -> Handled:
    return run_probe(session, Probe(**probe), container_id=container_id, address=address)  # type: ignore[arg-type] # a test's shorthand


def get(session: Session, path: str, *, port: int = 9080, **more: object) -> Handled:
    seconds = more.pop("timeout_seconds", 5)
    return check(session, http_get=HttpGetAction(path=path, port=port, **more), timeout_seconds=seconds)  # type: ignore[arg-type] # same


@pytest.mark.parametrize(
    ("path", "ok", "message"),
    [
        ("/", True, ""),
        ("no-slash", True, ""),
        ("/a path with spaces?and=ä query", True, ""),
        ("/status/204", True, ""),
        ("/status/399", True, "Probe terminated redirects, Response body:"),
        ("/status/400", False, "HTTP probe failed with statuscode: 400"),
        ("/status/503", False, "HTTP probe failed with statuscode: 503"),
        ("/redirect?/status/200", True, ""),
        ("/redirect?/status/500", False, "HTTP probe failed with statuscode: 500"),
        ("/redirect?http://127.0.0.1:9080/status/500", False, "HTTP probe failed with statuscode: 500"),
        ("/redirect?https://127.0.0.1:9443/status/500", False, "HTTP probe failed with statuscode: 500"),
        ("/redirect?http://elsewhere.test/", True, "Probe terminated redirects, Response body: moved"),
        ("/redirect?file:///etc/passwd", True, "Probe terminated redirects, Response body: moved"),
        ("/redirect?/redirect", True, "Probe terminated redirects, Response body: moved"),
        ("/big", True, ""),
        ("/headers?User-Agent=trimtab-probe/0.1.0&Accept=*/*&Host=127.0.0.1:9080&Connection=close", True, ""),
        ("/nonsense", False, 'Get "http://127.0.0.1:9080/nonsense": malformed HTTP response: 220 ready'),
    ],
)
def test_a_request_is_judged_as_a_kubelet_does(session: Session, path: str, ok: bool, message: str) -> None:
    assert get(session, path) == Handled(ok=ok, message=message)


def test_redirects_that_lead_nowhere_end(session: Session) -> None:
    circle = "/redirect?/redirect?/redirect"
    for _ in range(4):
        circle = circle.replace("/redirect", "/redirect?/redirect", 1)
    assert get(session, circle[: circle.rindex("?")] + "?/status/200").ok
    many = "/redirect?" * 11 + "/"
    assert "stopped after 10 redirects" in get(session, many).message


def test_headers_are_sent_as_written(session: Session) -> None:
    def sent(path: str, *headers: tuple[str, str]) -> Handled:
        return get(session, path, http_headers=tuple(HttpHeader(name=name, value=value) for name, value in headers))

    assert sent("/headers?X-Token=abc&Host=shop.test", ("X-Token", "abc"), ("Host", "shop.test")).ok
    assert sent("/headers?User-Agent=me&Accept=", ("user-agent", "me"), ("Accept", "")).ok
    assert sent("/redirect?/headers?Host=shop.test", ("Host", "shop.test")).ok, "kept by a relative redirect"
    smuggled = sent("/", ("X", "y\r\nHost: other"))
    assert (smuggled.ok, "invalid header field value" in smuggled.message) == (False, True)


def test_https_takes_any_certificate(session: Session) -> None:
    assert get(session, "/status/200", port=9443, scheme="HTTPS") == Handled(ok=True)
    assert get(session, "/status/503", port=9443, scheme="HTTPS").message == "HTTP probe failed with statuscode: 503"
    assert get(session, "/big", port=9443, scheme="HTTPS").ok
    plain = get(session, "/", port=9080, scheme="HTTPS")
    assert (plain.ok, plain.unknown, ": tls: " in plain.message) == (False, False, True)


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_a_service_that_is_slow_fails_in_time(session: Session, path: str) -> None:
    begun = time.monotonic()
    failed = get(session, path, timeout_seconds=1)
    assert failed.message.endswith("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    assert (failed.unknown, time.monotonic() - begun < 10) == (False, True)


def test_a_connection_is_enough_for_tcp(session: Session) -> None:
    assert check(session, tcp_socket=TcpSocketAction(port=9099)) == Handled(ok=True)
    refused = Handled(ok=False, message="dial tcp 127.0.0.1:9098: connect: connection refused")
    assert check(session, tcp_socket=TcpSocketAction(port=9098)) == refused
    assert check(session, tcp_socket=TcpSocketAction(port=9099, host="127.0.0.1"), address="203.0.113.1").ok
    failed = get(session, "/", port=9098)
    assert failed.message == 'Get "http://127.0.0.1:9098/": dial tcp 127.0.0.1:9098: connect: connection refused'


def test_many_refusals_at_once_are_each_told_to_who_asked(session: Session) -> None:
    """paramiko keeps one refusal a connection, for whoever comes first."""
    told: list[Handled] = []
    threads = [
        threading.Thread(target=lambda port=port: told.append(check(session, tcp_socket=TcpSocketAction(port=port))))
        for port in [9098, 9099] * 20
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = "dial tcp 127.0.0.1:9098: connect: connection refused"
    assert sorted((one.ok, one.message) for one in told) == [(False, refused)] * 20 + [(True, "")] * 20
    assert session.link.alive
    assert session.link.failure() is None


def test_an_address_that_does_not_answer_fails_in_time(session: Session, lab: Lab) -> None:
    nobody = lab.host("h1").address.rpartition(".")[0] + ".250"
    failed = check(session, tcp_socket=TcpSocketAction(port=80), address=nobody)
    assert failed == Handled(ok=False, message=f"dial tcp {nobody}:80: i/o timeout")
    assert check(session, tcp_socket=TcpSocketAction(port=9099)).ok


def test_thousands_of_checks_leave_nothing_behind(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """paramiko keeps the number of every channel that there ever was."""
    monkeypatch.setattr(direct, "_SEEN", 16)
    assert isinstance(session.link, SshLink)
    transport = session.link._connection.transport
    for _ in range(50):
        assert check(session, tcp_socket=TcpSocketAction(port=9099)).ok
    assert len(transport.channels_seen) <= 18
    assert session.runtime.answers(5.0), "the channel to containerd, older than all of these, is still there"


def test_an_sshd_that_forwards_nothing_is_told_apart(open_host: Opener, lab: Lab) -> None:
    machine = lab.host("h2")
    config = machine.run("cat /etc/ssh/sshd_config", check=True).stdout
    machine.run("cat >/etc/ssh/sshd_config", stdin=f"AllowTcpForwarding no\n{config}", check=True)
    machine.stop("sshd")
    machine.start("sshd")
    try:
        with pytest.raises(Permanent, match="sshd forwards nothing for user root, unix sockets included"):
            open_host("h2").observe()
        host = open_host("h2", user="op", become="sudo")
        host.observe()
        told = host.probe(_target("", tcp_socket=TcpSocketAction(port=22)))
        assert told.result == "unknown"
        assert told.message.startswith("sshd does not forward TCP for this user (probes and port-forward need it: ")
    finally:
        machine.run("cat >/etc/ssh/sshd_config", stdin=config, check=True)
        machine.stop("sshd")
        machine.start("sshd")


@pytest.mark.parametrize(
    ("port", "service", "message"),
    [
        (9090, "", ""),
        (9090, "shop", ""),
        (9090, "ill", 'service unhealthy (responded with "NOT_SERVING")'),
        (9090, "missing", "error: health rpc probe failed: rpc error: code = 5 desc = unknown service"),
        (9090, "slow", "timeout: health rpc did not complete within 1s"),
        (9091, "", "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): "),
        (9080, "", "error: health rpc probe failed: "),
        (9099, "", "timeout: health rpc did not complete within 1s"),
        (9098, "", 'error: failed to connect service "127.0.0.1:9098": connection refused'),
    ],
)
def test_grpc_health(session: Session, port: int, service: str, message: str) -> None:
    handled = check(session, grpc=GrpcAction(port=port, service=service), timeout_seconds=1)
    assert (handled.ok, handled.unknown) == (not message, False)
    assert handled.message.startswith(message)


@pytest.fixture
def web(host: ContainerdHost, lab: Lab) -> str:
    """A pod that serves HTTP on 8080; the id of its container."""
    sandbox = sandbox_config("web")
    command = ("sh", "-c", "mkdir -p /www; echo hi >/www/index.html; exec httpd -f -h /www -p 8080")
    image = lab.images.reference("busybox", "1")
    pod = create_steps(sandbox, container_config(sandbox, image, command=command))
    succeed(host, PullImage(image=image), *pod)
    return container_of(host, "web").id


def test_a_pod_is_reached_at_each_of_its_addresses(host: ContainerdHost, session: Session, web: str) -> None:
    ips = sandbox_of(host, "web").ips
    assert [":" in ip for ip in ips] == [False, True]
    for ip in ips:
        request = HttpGetAction(port=8080)
        eventually(lambda: check(session, address=ip, http_get=request).ok)  # noqa: B023 - called at once
        assert check(session, address=ip, tcp_socket=TcpSocketAction(port=8080)).ok
        assert check(session, address=ip, http_get=HttpGetAction(port=8080, path="/missing")).message.endswith("404")
    assert web


def test_commands_run_in_the_container(session: Session, web: str) -> None:
    def run(*command: str, seconds: int = 5) -> Handled:
        return check(session, web, exec=ExecAction(command=command), timeout_seconds=seconds)

    assert run("test", "-f", "/www/index.html") == Handled(ok=True)
    assert run("sh", "-c", "echo out; echo err >&2; exit 3") == Handled(ok=False, message="out\nerr")
    assert run("false") == Handled(ok=False, message="command exited with 1")
    missing = run("no-such-command")
    assert (missing.unknown, "no-such-command" in missing.message) == (True, True), "as a kubelet: an error, no failure"
    assert len(run("sh", "-c", "yes | head -c 100000; exit 1").message) <= 10 * 1024
    assert check(session, "no-such-container", exec=ExecAction(command=("true",))).unknown


@pytest.mark.parametrize("script", ["sleep 60", "sleep 60 & exit 0"])
def test_a_command_that_hangs_fails_in_time_and_leaves_no_thread(session: Session, web: str, script: str) -> None:
    """The second leaves a process behind that holds the command's output: containerd 1.6 then waits for it."""
    threads, begun = threading.active_count(), time.monotonic()
    hung = check(session, web, exec=ExecAction(command=("sh", "-c", script)), timeout_seconds=1)
    assert hung == Handled(ok=False, message=f"command \"sh -c '{script}'\" timed out")
    assert time.monotonic() - begun < 20
    assert threading.active_count() <= threads
    assert check(session, web, exec=ExecAction(command=("true",)), timeout_seconds=5).ok


def _target(container_id: str, **probe: object) -> ProbeTarget:
    return ProbeTarget(
        pod=PodKey(namespace="default", name="web"),
        container_id=container_id,
        container="main",
        kind="liveness",
        probe=Probe(timeout_seconds=1, **probe),  # type: ignore[arg-type] # a test's shorthand
        address=HERE,
    )


@pytest.fixture
def stopped(lab: Lab) -> Iterator[Callable[[str], None]]:
    """Stops processes of the first host by name, until the test ends: they hang, and nothing is closed."""
    machine, names = lab.host("h1"), list[str]()

    def stop(name: str) -> None:
        names.append(name)
        _signal(machine, "STOP", name)

    yield stop
    for name in names:
        _signal(machine, "CONT", name)


def _signal(machine: LabHost, signal: str, name: str) -> None:
    """Signal the processes of a service; a newer sshd's connections have a program of their own."""
    command = f"kill -{signal} ${{p#/proc/}}"
    machine.run(f'for p in /proc/[0-9]*; do case "$(cat $p/comm)" in {name} | {name}-session) {command} ;; esac; done')


@pytest.mark.parametrize(
    ("what", "probe"),
    [
        ("sshd", {"tcp_socket": TcpSocketAction(port=9099)}),
        ("sshd", {"http_get": HttpGetAction(port=9080)}),
        ("sshd", {"exec": ExecAction(command=("true",))}),
        ("containerd", {"exec": ExecAction(command=("true",))}),
    ],
)
@pytest.mark.usefixtures("session")
def test_a_host_that_hangs_fails_no_probe(
    host: ContainerdHost, web: str, stopped: Callable[[str], None], what: str, probe: dict[str, object]
) -> None:
    assert host.probe(_target(web, **probe)) == ProbeResult(result="success")
    stopped(what)
    assert host.probe(_target(web, **probe)) == ProbeResult(result="unknown")


def test_a_host_that_was_not_looked_at_is_not_connected_to(host: ContainerdHost) -> None:
    assert host.probe(_target("", tcp_socket=TcpSocketAction(port=22))) == ProbeResult(result="unknown")
    assert host._session is None


def test_hooks(session: Session, web: str) -> None:
    def run(timeout: float = 5.0, **hook: object) -> Handled:
        handler = LifecycleHandler(**hook)  # type: ignore[arg-type] # a test's shorthand
        return run_handler(session, handler, container_id=web, address=HERE, timeout=timeout)

    assert run(exec=ExecAction(command=("touch", "/hooked"))).ok
    assert check(session, web, exec=ExecAction(command=("test", "-f", "/hooked")), timeout_seconds=5).ok
    assert run(exec=ExecAction(command=("sh", "-c", "echo no; exit 1"))) == Handled(ok=False, message="no")
    assert run(http_get=HttpGetAction(port=9080, path="/status/500")).ok, "any answer will do, as for a kubelet"
    assert "connection refused" in run(http_get=HttpGetAction(port=9098)).message
    assert run(timeout=0.2, sleep=SleepAction(seconds=60)).ok
