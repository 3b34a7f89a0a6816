"""Looking at hosts: side by side, none holds up another, and what cannot be seen has a reason."""

import threading
from collections.abc import Callable
from typing import cast

import pytest

from agent.cli.look.everything import asked_of_each, observe_all
from agent.cli.reach.pod import Reached, find_pod
from agent.cli.render.escape import log_text, printable
from agent.cli.verbs.host.adding import manifest
from agent.hosts.host import ContainerdHost
from agent.manifests import Cache, load
from agent.model.objects import Ssh
from agent.model.observation import RuntimeFacts, Seen, Unseen
from agent.model.origin import Blob, Revision
from agent.model.status import PodStatus
from agent.ports import Host, Permanent, Unreachable
from tests.cli.scenario import running
from tests.cli.test_status_rendering import pod, troubled

SEEN = Seen(at=1.0, facts=RuntimeFacts())


class Asked:
    """A host that answers, refuses, or hangs until the test ends."""

    def __init__(self, name: str, answer: Seen | Exception | threading.Event) -> None:
        self.name = name
        self._answer = answer

    def observe(self) -> Seen:
        if isinstance(self._answer, threading.Event):
            self._answer.wait(60)
            raise Unreachable("too late to matter")
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_a_host_that_hangs_is_unseen_and_holds_nobody_up() -> None:
    over = threading.Event()
    asked = [Asked("a", over), Asked("b", SEEN), Asked("c", Unreachable("c is off", hint="switch it on"))]
    try:
        found = observe_all(cast("list[Host]", asked), limit=0.5, at_once=8)
    finally:
        over.set()
    assert found["b"] == SEEN
    lost = [found[name] for name in ("a", "c")]
    assert all(isinstance(one, Unseen) for one in lost)
    assert [one.reason for one in lost if isinstance(one, Unseen)] == [
        "did not show everything within 0.5 s",
        "c is off (hint: switch it on)",
    ]


def test_a_host_that_never_answers_holds_up_no_question() -> None:
    over = threading.Event()

    def ask(host: Asked) -> str:
        if host.name == "a":
            over.wait(60)
        return host.name.upper()

    try:
        asked = cast("list[Host]", [Asked("a", over), Asked("b", SEEN)])
        found = asked_of_each(asked, cast("Callable[[Host], str]", ask), limit=0.5, at_once=8)
    finally:
        over.set()
    assert found == {"b": "B"}


def test_a_pod_is_found_by_name_or_by_its_workload() -> None:
    statuses = troubled().fleet.statuses
    assert find_pod(statuses, "web-6d4f-1", "default").key.name == "web-6d4f-1"
    assert find_pod(statuses, "deploy/web", "default").key.name == "web-6d4f-0"
    with pytest.raises(Permanent, match="there is no pod 'web-6d4f-3'") as error:
        find_pod(statuses, "web-6d4f-3", "default")
    assert "did you mean web-6d4f-" in error.value.hint
    with pytest.raises(Permanent):
        find_pod(statuses, "web-6d4f-1", "other")


def one() -> PodStatus:
    status = pod("one", "edge-1")
    assert isinstance(running()["edge-1"], Seen)
    return status


def test_a_container_is_found_and_its_name_checked() -> None:
    seen = running()["edge-1"]
    assert isinstance(seen, Seen)
    host = cast("ContainerdHost", None)
    reached = Reached(host, one(), "test", seen)
    container = reached.container("main")
    assert container.sandbox_id == reached.sandbox.id
    assert (reached.sandbox.config.name, container.config.name) == ("one", "main")
    with pytest.raises(Permanent, match="container 'side' is not valid for pod default/one"):
        reached.container("side")
    with pytest.raises(Permanent, match="is not on edge-1 yet"):
        Reached(host, one(), "another agent", seen)


def test_log_lines_keep_their_colours_and_steer_nothing_else() -> None:
    line = "\x1b[31mred\x1b[0m\tnext\x1b]0;title\x07\x1b[2J\r"
    assert log_text(line) == "\x1b[31mred\x1b[0m\tnext\\x1b]0;title\\x07\\x1b[2J\\r"


def test_what_nobody_would_see_is_written_out() -> None:
    assert printable("a\u202eb\xadc\u2060d\U000e0041") == "a\\u202eb\\xadc\\u2060d\\U000e0041"
    assert printable("\u00e4\u00a0\u4e2d\U0001f600") == "\u00e4\u00a0\u4e2d\U0001f600"


def test_a_host_that_was_added_is_a_valid_manifest() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAlLZ1b3eYcNQbYB0gS0GzCk2P2S1a6b8mC0n5mZ4Q7x"
    text = manifest("edge-1", Ssh(address="10.0.0.11", port=2222, user="deploy", host_key=key))
    content = text.encode()
    blob = Blob(path="hosts/edge-1.yaml", id="1", size=len(content))
    loaded = load(Revision(id="worktree"), [blob], lambda _blobs: {"1": content}, Cache())
    assert loaded.fleet is not None, loaded.problems
    (host,) = loaded.fleet.objects.values()
    assert host.key.name == "edge-1"
    assert f"hostKey: {key}\n" in text
