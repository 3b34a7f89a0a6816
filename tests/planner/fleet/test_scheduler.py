import pytest

from agent.model.objects import Host
from agent.model.objects.host import Taint
from agent.model.objects.pod import Toleration
from agent.model.observation import Observation, RuntimeFacts, Seen, Unseen
from agent.planner.scheduler import Demand, HostPort, Refused, Room, Scheduler
from tests.planner.fleet.build import FACTS, declared, host

SEEN = Seen(at=0.0, facts=FACTS)
DEDICATED = Taint(key="dedicated", value="db", effect="NoSchedule")
HTTP = HostPort(port=80, protocol="TCP")


def rooms(*hosts: Host, observation: Observation = SEEN) -> list[Room]:
    return [Room(declared(one), observation) for one in hosts]  # type: ignore[arg-type]  # a Declared[Host] it is


def place(demand: Demand, count: int, *hosts: Host, siblings: dict[str, int] | None = None) -> list[str]:
    answers = Scheduler(rooms(*hosts)).place(demand, count, siblings or {})
    return [answer.why if isinstance(answer, Refused) else answer for answer in answers]


def test_pods_of_an_owner_are_spread_before_anything_else() -> None:
    big = host("big", allocatable={"cpu": "64"})
    assert place(Demand(cpu=500), 4, big, host("small")) == ["big", "small", "big", "small"]
    assert place(Demand(cpu=500), 1, big, host("small"), siblings={"big": 1}) == ["small"]


def test_the_emptiest_host_then_the_first_by_name() -> None:
    assert place(Demand(), 1, host("b"), host("a")) == ["a"]
    assert place(Demand(cpu=1000), 1, host("a", allocatable={"cpu": "2"}), host("b", allocatable={"cpu": "8"})) == ["b"]


def test_without_any_capacity_known_pods_are_spread_by_number() -> None:
    blank = Seen(at=0.0, facts=RuntimeFacts())
    scheduler = Scheduler(rooms(host("a"), host("b"), observation=blank))
    assert [scheduler.place(Demand(cpu=100_000), 1, {})[0] for _ in range(4)] == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("demand", "one", "why"),
    [
        (Demand(cpu=4500), host("a"), "cpu short by 500m on a"),
        (Demand(memory=9 << 30), host("a"), "memory short by 1024Mi on a"),
        (Demand(cpu=1500), host("a", allocatable={"cpu": "1"}), "cpu short by 500m on a"),
        (Demand(), host("a", allocatable={"pods": "0"}), "0 pods are the most on a"),
        (Demand(), host("a", unschedulable=True), "unschedulable on a"),
        (Demand(), host("a", taints=(DEDICATED,)), "taint dedicated=db:NoSchedule on a"),
        (Demand(), host("a", taints=(Taint(key="x", effect="NoExecute"),)), "taint x:NoExecute on a"),
        (Demand(node_selector={"disk": "ssd"}), host("a"), "no label disk=ssd on a"),
        (Demand(node_selector={"disk": "ssd"}), host("a", labels={"disk": "hdd"}), "no label disk=ssd on a"),
        (Demand(node_name="z"), host("a"), "there is no host z"),
    ],
)
def test_each_host_that_refuses_says_why(demand: Demand, one: Host, why: str) -> None:
    assert place(demand, 1, one) == [why]


@pytest.mark.parametrize(
    ("demand", "one"),
    [
        (Demand(cpu=4000, memory=8 << 30), host("a")),
        (Demand(node_selector={"disk": "ssd"}), host("a", labels={"disk": "ssd"})),
        (Demand(node_selector={"kubernetes.io/hostname": "a"}), host("a")),
        (Demand(node_name="a"), host("a")),
        (Demand(node_name="a"), host("a", unschedulable=True, taints=(DEDICATED,))),
        (Demand(), host("a", taints=(Taint(key="x", effect="PreferNoSchedule"),))),
        (Demand(tolerations=(Toleration(key="dedicated", value="db"),)), host("a", taints=(DEDICATED,))),
        (Demand(tolerations=(Toleration(key="dedicated", operator="Exists"),)), host("a", taints=(DEDICATED,))),
        (Demand(tolerations=(Toleration(operator="Exists"),)), host("a", taints=(DEDICATED,), unschedulable=True)),
    ],
)
def test_hosts_that_take_the_pod(demand: Demand, one: Host) -> None:
    assert place(demand, 1, one) == ["a"]


@pytest.mark.parametrize(
    "toleration",
    [
        Toleration(key="dedicated", value="web"),
        Toleration(key="other", operator="Exists"),
        Toleration(key="dedicated", value="db", effect="NoExecute"),
    ],
)
def test_a_toleration_of_something_else_does_not_help(toleration: Toleration) -> None:
    why = place(Demand(tolerations=(toleration,)), 1, host("a", taints=(DEDICATED,)))
    assert why == ["taint dedicated=db:NoSchedule on a"]


def test_a_host_that_would_rather_not_is_the_last_resort() -> None:
    shy = host("a", taints=(Taint(key="x", effect="PreferNoSchedule"),))
    assert place(Demand(cpu=2000), 4, shy, host("b")) == ["b", "b", "a", "a"]


def test_one_host_port_a_host() -> None:
    demand = Demand(ports=(HTTP,))
    assert place(demand, 3, host("a"), host("b")) == ["a", "b", "host port 80/TCP is taken on a, b"]


@pytest.mark.parametrize(
    ("other", "conflict"),
    [
        (HTTP, True),
        (HostPort(port=80, protocol="UDP"), False),
        (HostPort(port=81, protocol="TCP"), False),
        (HostPort(port=80, protocol="TCP", address="10.0.0.1"), True),
    ],
)
def test_host_ports_conflict_as_sockets_do(other: HostPort, *, conflict: bool) -> None:
    assert HTTP.conflicts(other) is conflict
    assert other.conflicts(HTTP) is conflict


def test_two_addresses_can_have_the_same_port() -> None:
    one, other = (HostPort(port=80, protocol="TCP", address=address) for address in ("10.0.0.1", "10.0.0.2"))
    assert not one.conflicts(other)


def test_reasons_are_gathered_and_long_lists_cut() -> None:
    small = [host(f"edge-{number}", allocatable={"cpu": "1"}) for number in range(6)]
    [why] = place(Demand(cpu=1500), 1, *small, host("z", unschedulable=True))
    assert why == "cpu short by 500m on edge-0, edge-1, edge-2, edge-3 and 2 more; unschedulable on z"


def test_nothing_new_goes_where_nothing_can_be_seen_or_run() -> None:
    unseen = rooms(host("a"), observation=Unseen(since=0.0, reason="gone"))
    broken = rooms(host("b"), observation=Seen(at=0.0, facts=RuntimeFacts(network_ready=False)))
    [refused] = Scheduler([*unseen, *broken]).place(Demand(), 1, {})
    assert refused == Refused(why="runtime not ready on b; unseen on a")


def test_a_fleet_without_hosts() -> None:
    assert place(Demand(), 1) == ["there is no host"]
