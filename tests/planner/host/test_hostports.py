"""Two pods never hold one port of the host, and a port that is given up is taken at once."""

from msgspec.structs import replace

from agent.model.cri import PortMapping, SandboxConfig
from agent.model.desired import DesiredPod, KeptPod, LeavingPod
from agent.model.objects.pod import ContainerPort
from agent.model.observation import SandboxSeen
from tests.planner.host.build import EMPTY, ROLLOUT, act, container, converge, desired, live, plan, pod, pod_key


def listening(name: str, host_port: int, **fields: object) -> DesiredPod:
    return pod(name, container(ports=(ContainerPort(container_port=80, host_port=host_port, **fields),)))  # type: ignore[arg-type]  # a test's shorthand


def test_the_second_of_two_new_pods_waits() -> None:
    made = plan(desired(listening("a", 80), listening("b", 80)), EMPTY)
    assert [action.id for action in made.actions] == ["create default/a"]
    (entry,) = made.waiting
    assert (entry.pod, entry.reason) == (pod_key("b"), "refused")
    assert entry.message == "host port 80/TCP is also wanted by pod default/a, which comes first"


def test_other_protocols_and_addresses_do_not_clash() -> None:
    made = plan(
        desired(
            listening("a", 80, host_ip="10.0.0.1"),
            listening("b", 80, host_ip="10.0.0.2"),
            listening("c", 80, protocol="UDP"),
        ),
        EMPTY,
    )
    assert (len(made.actions), made.waiting) == (3, ())


def test_a_wildcard_address_clashes_with_every_other() -> None:
    made = plan(desired(listening("a", 80, host_ip="10.0.0.1"), listening("b", 80, host_ip="0.0.0.0")), EMPTY)
    assert len(made.actions) == 1


def test_whoever_holds_the_port_keeps_it() -> None:
    seen = converge(desired(listening("b", 80)))
    made = plan(desired(listening("a", 80), listening("b", 80)), seen)
    assert made.actions == ()
    assert (made.waiting[0].pod, made.waiting[0].reason) == (pod_key("a"), "predecessor")


def test_whoever_holds_the_port_keeps_it_while_being_replaced() -> None:
    seen = converge(desired(listening("b", 80)))
    renewed = replace(listening("b", 80), spec=replace(listening("b", 80).spec, hostname="new"))
    made = plan(desired(listening("a", 80), renewed), seen)
    assert [action.id for action in made.actions] == ["replace default/b"]


def test_a_successor_comes_after_the_pod_that_leaves() -> None:
    seen = converge(desired(listening("old", 80)))
    made = plan(desired(listening("new", 80), leaving=(LeavingPod(key=pod_key("old"), cause=ROLLOUT),)), seen)
    assert [(action.id, action.after) for action in made.actions] == [
        ("remove default/old", ()),
        ("create default/new", ("remove default/old",)),
    ]


def test_a_kept_pod_holds_its_port() -> None:
    seen = converge(desired(listening("old", 80)))
    made = plan(desired(listening("new", 80), kept=(KeptPod(key=pod_key("old"), cause=ROLLOUT),)), seen)
    assert (made.actions, made.waiting[0].reason) == ((), "predecessor")


def test_two_pods_can_swap_their_ports() -> None:
    seen = converge(desired(listening("a", 80), listening("b", 81)))
    swapped = desired(listening("a", 81), listening("b", 80))
    made = plan(swapped, seen)
    assert [(action.id, action.after) for action in made.actions] == [
        ("remove default/a", ()),
        ("replace default/b", ("remove default/a",)),
    ]
    assert made.waiting[0].pod == pod_key("a")
    after = converge(swapped, seen)
    assert [port.host_port for port in live(after, "a").sandbox.config.port_mappings] == [81]
    assert [port.host_port for port in live(after, "b").sandbox.config.port_mappings] == [80]


def test_three_pods_can_pass_their_ports_on() -> None:
    seen = converge(desired(listening("a", 80), listening("b", 81), listening("c", 82)))
    assert converge(desired(listening("a", 81), listening("b", 82), listening("c", 80)), seen)


def test_a_port_of_a_foreign_pod_is_left_to_it() -> None:
    foreign = SandboxSeen(
        id="f",
        ready=True,
        config=SandboxConfig(
            name="theirs", namespace="x", uid="u", port_mappings=(PortMapping(container_port=1, host_port=80),)
        ),
    )
    made = plan(desired(listening("a", 80)), replace(EMPTY, sandboxes=(foreign,)))
    assert (made.actions, made.waiting[0].reason) == ((), "refused")
    assert "x/theirs, which is not trimtab's" in made.waiting[0].message


def test_a_pod_that_must_wait_is_not_taken_down_meanwhile() -> None:
    seen = converge(desired(listening("a", 80), listening("b", 81)))
    made = plan(desired(listening("a", 81), listening("b", 81)), seen)
    assert made.actions == ()
    assert act(desired(listening("a", 81), listening("b", 81)), seen) == seen
