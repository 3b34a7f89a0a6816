"""A host whose answers are of another shape than they should be is not seen: nothing of it reaches a planner."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn

import msgspec
import pytest
from google.protobuf.message import Message

from agent.hosts.cri.decode import decode_container, decode_sandbox
from agent.hosts.cri.encode import encode_container, encode_sandbox
from agent.hosts.doctor.examine import examine
from agent.hosts.doctor.plugins import plugin_checks
from agent.hosts.doctor.runtime import condition_check
from agent.hosts.garbled import UNREADABLE, reading
from agent.hosts.host import ContainerdHost
from agent.hosts.local import LocalLink
from agent.hosts.look import facts as host_facts
from agent.hosts.look import measure
from agent.hosts.look.abilities import runtime_config
from agent.hosts.owner import parse_owner
from agent.hosts.proto.runtime_v1_pb2 import RuntimeCondition
from agent.hosts.streaming.command import exit_code
from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, HostSpec
from agent.model.objects.meta import ObjectMeta
from agent.ports import Permanent, Temporary
from tests.hosts.go_json import go_json
from tests.hosts.pods import AGENT, WallClock
from tests.hosts.test_decode import CONTAINER, SANDBOX

ODD: Final[tuple[object, ...]] = (
    None,
    True,
    -1,
    7,
    1.5,
    10**30,
    "x",
    [],
    ["x"],
    [1],
    [[]],
    {},
    {"x": "y"},
    {"x": 1},
    [{"key": 1}],
)


def places(tree: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def exchanged(tree: Any, path: tuple[str | int, ...], odd: object) -> object:  # noqa: ANN401 - JSON
    if not path:
        return odd
    copy = tree.copy()
    copy[path[0]] = exchanged(tree[path[0]], path[1:], odd)
    return copy


Decoder = Callable[[Mapping[str, str]], SandboxConfig | ContainerConfig | None]


@pytest.mark.parametrize(
    ("config", "decode", "kind"),
    [
        (encode_sandbox(SANDBOX), decode_sandbox, SandboxConfig),
        (encode_container(CONTAINER), decode_container, ContainerConfig),
    ],
)
def test_a_configuration_with_any_part_exchanged_is_a_configuration_or_an_error(
    config: Message, decode: Decoder, kind: type[SandboxConfig] | type[ContainerConfig]
) -> None:
    told = json.loads(go_json(config)["info"])
    for path in places(told):
        for odd in ODD:
            try:
                decoded = decode({"info": json.dumps(exchanged(told, path, odd))})
            except UNREADABLE:
                continue
            # Reading it with its types is what finds one of another type.
            assert decoded is None or msgspec.json.decode(msgspec.json.encode(decoded), type=kind) == decoded, path


def test_what_a_host_tells_can_be_shown_beside_the_others() -> None:
    """One status tells of all hosts: no name on one of them may keep it from being written."""
    facts = host_facts.parse(b"date 1\0boot \xff\0end\0", host="edge-1", socket_path="/no/socket")
    usage = measure.parse(b"disk images /dev/sda 9 9 9 1% /caf\xe9\nnone 9 9\0end \0", [], host="edge-1")
    assert usage.images is not None
    for value in (facts.machine, facts.boot_id, usage.images):
        assert msgspec.json.encode(value)


@pytest.mark.parametrize("told", ["cpus {}", "memory {}", "storage {} 1"])
def test_more_than_any_host_has_is_not_believed(told: str) -> None:
    entry = told.format("9" * 400)
    with pytest.raises(Temporary, match="cannot be read"):
        host_facts.parse(f"date 1\0{entry}\0end\0".encode(), host="edge-1", socket_path="/no/socket")
    with pytest.raises(Temporary, match="cannot be read"), reading("edge-1"):
        measure.parse(f"disk images /dev/sda {'9' * 400} 9 9 1% /\0end \0".encode(), [], host="edge-1")


DEPRECATIONS: Final = "ContainerdHasNoDeprecationWarnings"
DEEP: Final = '{"config":' * 100_000


@pytest.mark.parametrize(
    "read",
    [
        lambda: decode_sandbox({"info": DEEP}),
        lambda: decode_container({"info": DEEP}),
        lambda: runtime_config({"config": DEEP}),
    ],
)
def test_what_nests_too_deep_cannot_be_read_like_any_other(read: Callable[[], object]) -> None:
    with pytest.raises(Temporary, match=r"edge-1: .* cannot be read"), reading("edge-1"):
        read()


def test_nothing_that_nests_too_deep_ends_a_command() -> None:
    with pytest.raises(Permanent, match=r"owner record .* is damaged"):
        parse_owner(DEEP, host="edge-1")
    with pytest.raises(Temporary, match="in words that are not known"):
        exit_code(DEEP.encode(), host="edge-1")
    assert list(plugin_checks({"cniconfig": DEEP}, LocalLink("edge-1", "/no/socket"))) == []
    assert condition_check(RuntimeCondition(type=DEPRECATIONS, message=DEEP)).message == DEEP


def test_the_doctor_says_of_a_host_that_cannot_be_read_that_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    def garbled(_: object) -> NoReturn:
        raise IndexError("secret")

    monkeypatch.setattr("agent.hosts.doctor.examine._examine_tools", garbled)
    host = Host(metadata=ObjectMeta(name="edge-1"), spec=HostSpec(local=True))
    *_, last = examine(host, SshDefaults(), AGENT, clock=WallClock())
    assert (last.status, last.message.endswith("cannot be read (IndexError)")) == ("problem", True)


@pytest.mark.parametrize("odd", ODD)
def test_what_a_runtime_is_configured_with_is_read_or_an_error(odd: object) -> None:
    for config in (
        odd,
        {"containerd": odd},
        {"containerd": {"runtimes": odd}},
        {"containerd": {"runtimes": {"": odd}}},
    ):
        with suppress(*UNREADABLE):
            assert all(isinstance(name, str) for name in runtime_config({"config": json.dumps(config)}).handlers)


@pytest.mark.parametrize(
    ("part", "ask"),
    [
        ("Look", ContainerdHost.observe),
        ("measure", ContainerdHost.measure),
        ("sample", ContainerdHost.sample),
        ("do_chores", lambda host: host.tidy(())),
    ],
)
def test_a_host_that_cannot_be_read_is_not_seen(
    part: str, ask: Callable[[ContainerdHost], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def garbled(*_: object, **__: object) -> NoReturn:
        raise IndexError("secret")

    monkeypatch.setattr(f"agent.hosts.host.{part}", garbled)
    link = partial(LocalLink, "edge-1", "/no/socket")
    host = ContainerdHost("edge-1", "/no/socket", link, agent=AGENT, claim=None, clock=WallClock(), parallel=1)
    with pytest.raises(Temporary, match=r"edge-1: .*cannot be read \(IndexError\)$"):
        ask(host)
    host.close()
