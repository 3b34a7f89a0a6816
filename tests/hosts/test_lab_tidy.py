"""Cleaning up on real hosts: containerd and the file system are asked whether it was done."""

import pytest

from agent.hosts.host import ContainerdHost
from agent.hosts.pulled import record_pull
from agent.model.chores import Chore, ChoreOutcome, RemoveImage, RotateLog
from agent.model.labels import PULLED_FILE
from lab import Lab
from tests.hosts.pods import container_config, container_of, create_steps, sandbox_config, succeed

pytestmark = pytest.mark.lab


def do(host: ContainerdHost, chore: Chore) -> ChoreOutcome:
    (outcome,) = host.tidy([chore])
    return outcome


def test_a_log_is_rotated_while_its_container_writes(host: ContainerdHost, lab: Lab, image: str) -> None:
    sandbox = sandbox_config("chatty")
    config = container_config(sandbox, image, command=("sh", "-c", "while :; do date +%N; sleep 0.01; done"))
    succeed(host, *create_steps(sandbox, config))
    path = f"{sandbox.log_directory}/{config.log_path}"
    machine = lab.host("h1")
    machine.run(f"for n in 1 2 3; do echo old >{path}.20200101-00000$n; done", check=True)
    chore = RotateLog(container_id=container_of(host, "chatty").id, name="main", path=path, keep=3)
    outcome = do(host, chore)
    assert (outcome.error, outcome.freed) == ("", 2 * len("old\n"))
    kept = machine.run(f"ls {path}.*", check=True).stdout.split()
    assert len(kept) == 2
    assert kept[0] == f"{path}.20200101-000003"
    # containerd goes on in a new file, and not in the renamed one.
    machine.run(
        f"until [ -s {path} ]; do :; done; a=$(stat -c %s {kept[1]}); b=$(stat -c %s {path}); "
        f"until [ $(stat -c %s {path}) -gt $b ]; do :; done; [ $(stat -c %s {kept[1]}) = $a ]",
        check=True,
    )


def test_a_log_of_a_container_that_is_gone_stays_as_it_was(host: ContainerdHost, lab: Lab, image: str) -> None:
    sandbox = sandbox_config("short")
    config = container_config(sandbox, image)
    succeed(host, *create_steps(sandbox, config))
    path = f"{sandbox.log_directory}/{config.log_path}"
    outcome = do(host, RotateLog(container_id="f00", name="main", path=path, keep=3))
    assert "reopen the log of container main" in outcome.error
    assert lab.host("h1").run(f"ls {path}*", check=True).stdout.split() == [path]


@pytest.mark.parametrize("path", ["/etc/passwd", "/var/log/pods/../../../etc/passwd/0.log", "/var/log/pods/a/b/c.log"])
def test_nothing_but_a_log_is_rotated(host: ContainerdHost, path: str) -> None:
    assert "is not the log of a container" in do(host, RotateLog(container_id="x", name="x", path=path)).error


def test_an_image_goes_and_is_taken_off_the_record(host: ContainerdHost, lab: Lab, image: str) -> None:
    lab.host("h1").run(f"rm -f {PULLED_FILE}", check=True)
    link = host._connected().link
    for name in (image, "registry.example.com/other:1", image):
        record_pull(link, name)
    machine = lab.host("h1")
    assert machine.run(f"cat {PULLED_FILE}", check=True).stdout == f"{image}\nregistry.example.com/other:1\n"
    found = next(one for one in host.observe().images if image in one.tags)
    outcome = do(host, RemoveImage(id=found.id, names=(image,), size=found.size))
    assert (outcome.error, outcome.freed) == ("", found.size)
    assert all(image not in one.tags for one in host.observe().images)
    assert machine.run(f"cat {PULLED_FILE}; stat -c %a {PULLED_FILE}", check=True).stdout.split() == [
        "registry.example.com/other:1",
        "600",
    ]
    assert do(host, RemoveImage(id=found.id, names=(image,), size=found.size)).error == ""
