"""Pods on real hosts: made, seen, healed, removed; containerd itself is asked whether it is so."""

import threading
from collections.abc import Callable, Iterator

import pytest

from agent.hosts.cri.encode import encode_container, encode_sandbox
from agent.hosts.host import ContainerdHost
from agent.model import labels
from agent.model.action import (
    ContainerStop,
    MakeFolders,
    Outcome,
    PullImage,
    RemoveContainer,
    RunSandbox,
    StartContainer,
    StopContainers,
)
from agent.model.cri import ContainerConfig, EnvValue, SandboxConfig
from agent.model.files import Folder
from agent.model.observation import SandboxSeen
from agent.model.value import Sensitive
from agent.ports import Unreachable
from lab import Lab
from tests.hosts import pods
from tests.hosts.pods import action, container_config, create_steps, execute, sandbox_config, succeed

pytestmark = pytest.mark.lab
Opener = Callable[..., ContainerdHost]


def test_a_pod_is_made_seen_as_it_was_made_and_removed(host: ContainerdHost, lab: Lab, image: str) -> None:
    sandbox = sandbox_config("web")
    container = container_config(
        sandbox,
        image,
        command=("sh", "-c", "echo out; echo err >&2; exec sleep 100000"),
        envs=[EnvValue(name="TOKEN", value=Sensitive("hunter2"))],
        sensitive="env:TOKEN",
    )
    succeed(host, *create_steps(sandbox, container))
    seen = host.observe()
    (live_sandbox,), (live,) = seen.sandboxes, seen.containers
    assert live_sandbox.config == sandbox
    assert live_sandbox.ready
    assert len(live_sandbox.ips) == 2  # dual stack
    assert live.config == container
    assert (live.state, live.sandbox_id) == ("running", live_sandbox.id)
    assert live.started_at >= live.created_at > 0
    assert any(live.image_ref in {seen_image.id, *seen_image.digests} for seen_image in seen.images)
    assert "hunter2" not in repr(seen)
    assert host.observe().containers == seen.containers

    lines = host.logs(sandbox, container.log_path, tail=None)
    assert sorted((line.stream, line.text) for line in lines) == [("stderr", "err"), ("stdout", "out")]

    succeed(host, *pods.remove_steps(live_sandbox))
    seen = host.observe()
    assert (seen.sandboxes, seen.containers, seen.pod_dirs) == ((), (), ())
    left = lab.host("h1").run(f"ls -d {sandbox.log_directory}; ctr -n k8s.io containers ls -q").stdout
    assert left == ""


def test_an_exit_is_seen_and_the_next_attempt_runs(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("job")
    container = container_config(sandbox, image, command=("sh", "-c", "exit 3"))
    woken = threading.Event()
    host.watch(woken.set)
    succeed(host, *create_steps(sandbox, container))
    while (live := pods.container_of(host, "job")).state != "exited":
        assert woken.wait(10)
        woken.clear()
    assert (live.exit_code, live.finished_at > 0) == (3, True)
    again = container_config(sandbox, image)
    succeed(
        host,
        RemoveContainer(container_id=live.id, name="main"),
        StartContainer(sandbox_id=live.sandbox_id, sandbox=sandbox, config=again),
    )
    assert pods.container_of(host, "job").state == "running"


def test_a_killed_container_wakes(host: ContainerdHost, lab: Lab, image: str) -> None:
    sandbox = sandbox_config("web")
    succeed(host, *create_steps(sandbox, container_config(sandbox, image)))
    live = pods.container_of(host, "web")
    woken = threading.Event()
    host.watch(woken.set)
    host.observe()
    woken.clear()
    lab.host("h1").run(f"ctr -n k8s.io tasks kill --signal KILL {live.id}", check=True)
    assert woken.wait(10)
    first = pods.container_of(host, "web")
    assert (first.state, first.exit_code, first.reason) == ("exited", 137, "Error")
    # Whether the event told it or CRI did already: it is the same.
    lab.host("h1").run(f"while ctr -n k8s.io tasks ls -q | grep -q {live.id}; do :; done", check=True)
    while host._connected().exits.known():
        assert pods.container_of(host, "web") == first
    assert pods.container_of(host, "web") == first
    events = host._connected()._events
    assert events is not None
    assert not events.lost


def test_what_is_foreign_is_seen_without_its_insides(host: ContainerdHost, open_host: Opener, image: str) -> None:
    foreign = sandbox_config("theirs")
    unlabelled = {key: value for key, value in foreign.labels.items() if key != labels.AGENT}
    bare = type(foreign)(
        **{**{name: getattr(foreign, name) for name in foreign.__struct_fields__}, "labels": unlabelled}
    )
    succeed(host, *create_steps(bare, container_config(bare, image, envs=[EnvValue(name="T", value="hunter2")])))
    seen = open_host().observe()
    (sandbox,), (container,) = seen.sandboxes, seen.containers
    assert labels.AGENT not in {**sandbox.config.labels, **container.config.labels}
    assert (sandbox.config.name, container.config.name) == ("theirs", "main")
    assert container.config.envs == ()


def create_only(host: ContainerdHost, sandbox_id: str, sandbox: SandboxConfig, container: ContainerConfig) -> str:
    """Make the runtime's own call and no more, as an agent that dies right after it."""
    return host._connected().runtime.create_container(sandbox_id, encode_container(container), encode_sandbox(sandbox))


def test_a_crash_between_create_and_start_leaves_a_container_that_can_be_started(
    host: ContainerdHost, image: str
) -> None:
    sandbox = sandbox_config("web")
    container = container_config(sandbox, image)

    def superseded() -> bool:
        return any(seen.config.name == "web" for seen in host.observe().sandboxes)

    outcomes: list[Outcome] = []
    host.execute([action("web", *create_steps(sandbox, container))], report=outcomes.append, superseded=superseded)
    assert [(outcome.superseded, outcome.step) for outcome in outcomes] == [(True, "start-container")]
    live = pods.sandbox_of(host, "web")
    created = create_only(host, live.id, sandbox, container)
    assert pods.container_of(host, "web").state == "created"
    succeed(host, StartContainer(sandbox_id=live.id, sandbox=sandbox, config=container, container_id=created))
    assert pods.container_of(host, "web").state == "running"


@pytest.mark.parametrize("whole", [True, False], ids=["sandbox", "container"])
def test_a_start_that_was_cut_off_leaves_nothing_that_cannot_be_removed(
    host: ContainerdHost, lab: Lab, image: str, *, whole: bool
) -> None:
    sandbox = sandbox_config("web")
    succeed(host, *create_steps(sandbox))
    live = pods.sandbox_of(host, "web")
    created = create_only(host, live.id, sandbox, container_config(sandbox, image))
    # A process that containerd's CRI service knows nothing of.
    lab.host("h1").run(f"ctr -n k8s.io tasks start --detach --null-io {created}", check=True)
    assert pods.container_of(host, "web").state == "created"
    removal = pods.remove_steps(live)[:2] if whole else (RemoveContainer(container_id=created, name="main"),)
    succeed(host, *removal)
    assert host.observe().containers == ()
    assert created not in lab.host("h1").run("ctr -n k8s.io tasks ls -q", check=True).stdout


def test_doing_the_same_again_after_a_crash_makes_no_second_pod(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    container = container_config(sandbox, image)
    succeed(host, MakeFolders(folders=(Folder(path=sandbox.log_directory),)), RunSandbox(config=sandbox))
    first = pods.sandbox_of(host, "web")
    create_only(host, first.id, sandbox, container)
    succeed(host, *create_steps(sandbox, container))
    seen = host.observe()
    assert [each.id for each in seen.sandboxes] == [first.id]
    assert [each.state for each in seen.containers] == ["running"]


def test_a_broken_left_over_of_the_same_name_is_cleaned_up(host: ContainerdHost, image: str) -> None:
    sandbox = sandbox_config("web")
    succeed(host, *create_steps(sandbox))
    first = pods.sandbox_of(host, "web")
    host._connected().runtime.stop_sandbox(first.id)
    succeed(host, *create_steps(sandbox, container_config(sandbox, image)))
    seen = host.observe()
    assert [each.ready for each in seen.sandboxes] == [True]
    assert seen.sandboxes[0].id != first.id


def test_independent_actions_go_on_when_one_fails_and_dependent_ones_do_not(host: ContainerdHost, image: str) -> None:
    bad, good, late = sandbox_config("bad"), sandbox_config("good"), sandbox_config("late")
    outcomes = execute(
        host,
        action("bad", *create_steps(bad, container_config(bad, image, command=("/no/such/program",)))),
        action("good", *create_steps(good, container_config(good, image))),
        action("late", *create_steps(late), after=["bad"]),
        action("later", *create_steps(sandbox_config("later")), after=["good"]),
    )
    assert (outcomes["bad"].kind, outcomes["bad"].step) == ("runtime", "start-container")
    assert "no such file or directory" in outcomes["bad"].error
    assert outcomes["good"].error == outcomes["later"].error == ""
    assert "comes after bad, which failed" in outcomes["late"].error
    names = {each.config.name for each in host.observe().sandboxes}
    assert names == {"bad", "good", "later"}


def test_pulls_that_fail_are_told_apart(host: ContainerdHost, lab: Lab) -> None:
    outcomes = execute(
        host,
        action("missing", PullImage(image=f"{lab.registry}/nothing:1")),
        action("nobody", PullImage(image="127.0.0.1:1/app:1")),
    )
    assert {outcome.kind for outcome in outcomes.values()} == {"image-pull"}
    assert "has no such image" in outcomes["missing"].error
    assert "cannot be reached" in outcomes["nobody"].error


def test_what_is_gone_already_is_no_failure(host: ContainerdHost) -> None:
    succeed(
        host,
        StopContainers(containers=(ContainerStop(container_id="f00", name="main", grace=1),)),
        RemoveContainer(container_id="f00", name="main"),
        *pods.remove_steps(SandboxSeen(id="f00", config=sandbox_config("gone"), ready=False)),
    )


@pytest.mark.usefixtures("restored")
def test_containerd_killed_is_unreachable_wakes_and_comes_back(host: ContainerdHost, lab: Lab, image: str) -> None:
    sandbox = sandbox_config("web")
    succeed(host, *create_steps(sandbox, container_config(sandbox, image)))
    woken = threading.Event()
    host.watch(woken.set)
    host.observe()
    lab.host("h1").kill("containerd")
    assert woken.wait(10)
    with pytest.raises(Unreachable, match="nothing answers on /run/containerd"):
        host.observe()
    outcome = execute(host, action("late", *create_steps(sandbox_config("late"))))["late"]
    assert outcome.kind == "unreachable"
    lab.host("h1").start("containerd")
    assert pods.container_of(host, "web").state == "running"


@pytest.fixture
def restored(lab: Lab, host: ContainerdHost) -> Iterator[ContainerdHost]:
    """A host whose containerd runs again when what follows cleans it up."""
    yield host
    lab.host("h1").start("containerd")
