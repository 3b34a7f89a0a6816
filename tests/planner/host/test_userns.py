"""Ranges of ids for pods with users of their own: nobody shares one, and who runs keeps the own."""

from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.observation import Seen
from tests.planner.host.build import EMPTY, container, converge, desired, plan, pod

ABLE = replace(EMPTY, facts=replace(EMPTY.facts, features=("user-namespaces",)))


def ranges(seen: Seen) -> dict[str, tuple[int, int] | None]:
    return {one.config.name: one.config.namespaces.user_mapping for one in seen.sandboxes}


def pods(count: int) -> list[DesiredPod]:
    return [pod(f"p{number}", container(), host_users=False) for number in range(count)]


def test_no_two_pods_share_a_range() -> None:
    found = ranges(converge(desired(*pods(200)), ABLE))
    starts = [mapping[0] for mapping in found.values() if mapping]
    assert len(set(starts)) == 200
    assert all(start % 65_536 == 0 and 0x7000_0000 <= start < 0x7FFE_0000 for start in starts)


def test_containers_are_mapped_as_their_sandbox_is() -> None:
    seen = converge(desired(*pods(1)), ABLE)
    assert seen.containers[0].config.security.namespaces == seen.sandboxes[0].config.namespaces


def test_who_runs_keeps_its_range_whoever_comes() -> None:
    few = converge(desired(*pods(3)), ABLE)
    many = converge(desired(*pods(100)), few)
    assert {name: ranges(many)[name] for name in ranges(few)} == ranges(few)
    assert plan(desired(*pods(100)), many).actions == ()


def test_a_pod_with_the_hosts_users_has_none() -> None:
    assert ranges(converge(desired(pod()), ABLE)) == {"web": None}
