"""The shell that stays open, over SSH to a real host: as itself, with sudo, through a jump."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from agent.hosts.connect import open_link
from agent.hosts.link import Link
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, HostSpec, Ssh
from agent.model.objects.meta import ObjectMeta
from agent.ports import Temporary, Unreachable
from lab import Lab

pytestmark = pytest.mark.lab


def open_to(lab: Lab, defaults: SshDefaults, **ssh: object) -> Link:
    address = lab.host("h1").address
    spec = HostSpec(ssh=Ssh(**{"address": address, **ssh}))  # type: ignore[arg-type] # a test's choice
    return open_link(Host(metadata=ObjectMeta(name="h1"), spec=spec), defaults)


@pytest.fixture
def link(lab: Lab, defaults: SshDefaults) -> Iterator[Link]:
    link = open_to(lab, defaults)
    yield link
    link.close()


def test_it_answers_as_run_does_from_one_process_of_the_host(link: Link) -> None:
    done = link.quick('echo "$1"; echo no >&2; exit 4', "it's\n$HOME")
    assert (done.code, done.output, done.error) == (4, b"it's\n$HOME\n", "no")
    first = link.quick("echo $$").output
    assert link.quick("echo $$").output == first
    assert link.run("echo $$").output != first
    assert "sh" in link.quick("tr '\\0' ' ' </proc/$$/cmdline").output.decode().split()
    assert b"hunter2" not in link.quick("cat /proc/[0-9]*/cmdline 2>/dev/null # hunter2", "hunter2").output


HANG = "echo $$ >/tmp/hangs; sh -c 'echo $$ >>/tmp/hangs; sleep 1000; :'"


def assert_ended(link: Link) -> None:
    """Both processes are gone; a process that ended waits for PID 1 to reap it."""
    alive = 'for pid in $(cat /tmp/hangs); do read -r _ _ state _ <"/proc/$pid/stat" && echo "$state"; done; :'
    assert set(link.run(alive).output.split()) <= {b"Z"}
    assert len(link.run("cat /tmp/hangs").output.split()) == 2


def test_a_command_that_hangs_is_ended_on_the_host(link: Link) -> None:
    with pytest.raises(Temporary, match="did not end within"):
        link.quick(HANG, timeout=0.5)
    assert link.quick("echo on").output == b"on\n"
    assert_ended(link)


def test_a_shell_that_the_host_killed_is_replaced(link: Link) -> None:
    pid = link.quick("echo $$").output.decode().strip()
    link.run('kill -KILL "$1"; while [ -e "/proc/$1" ]; do :; done', pid)
    with suppress(Temporary):  # where sshd had not told us yet
        link.quick(":")
    assert link.quick("echo on").output == b"on\n"


def test_a_lost_connection_says_so(link: Link, lab: Lab) -> None:
    session = link.quick('read -r name <"/proc/$PPID/comm"; echo $PPID $name').output.decode().split()
    assert session[1].startswith("sshd")
    lab.host("h1").run(f"kill -KILL {session[0]}", check=True)
    while link.alive:
        with suppress(Temporary):
            link.quick(":")
    with pytest.raises(Unreachable, match="SSH connection ended"):
        link.quick(":")


def test_threads_share_it(link: Link) -> None:
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda number: link.quick("echo $1", str(number)).output, range(50)))
    assert said == [b"%d\n" % number for number in range(50)]


def test_with_sudo_it_is_root_and_what_hangs_is_ended_as_well(lab: Lab, defaults: SshDefaults) -> None:
    link = open_to(lab, defaults, user=lab.sudo_user, become="sudo")
    try:
        assert link.quick("id -u").output == b"0\n"
        with pytest.raises(Temporary):
            link.quick(HANG, timeout=0.5)
        assert_ended(link)
    finally:
        link.close()
