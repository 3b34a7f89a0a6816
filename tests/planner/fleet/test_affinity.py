"""Where pods may and would rather be, for the hosts' sake and for their neighbours'."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.model.objects import Namespace, ObjectMeta, Pod
from agent.model.objects.host import Taint
from agent.model.objects.pod import (
    Affinity,
    NodeAffinity,
    NodeRequirement,
    NodeSelector,
    NodeTerm,
    PodAffinity,
    PodTerm,
    PreferredNode,
    SpreadConstraint,
    WeightedPodTerm,
)
from agent.model.objects.selector import LabelSelector
from agent.model.observation import ImageSeen, Seen
from agent.planner.scheduler import Demand, Refused, Room, Scheduler
from tests.planner.fleet.build import FACTS, World, container, declared, deployment, host, pod, rolling

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
ZONED = [
    host("a", labels={ZONE: "east", "cores": "4"}),
    host("b", labels={ZONE: "east", "cores": "8"}),
    host("c", labels={ZONE: "west", "cores": "16"}),
]


def needs(*requirements: tuple[str, Any, str], field: bool = False) -> NodeTerm:
    found = tuple(
        NodeRequirement(key=key, operator=operator, values=tuple(values.split()))
        for key, operator, values in requirements
    )
    return NodeTerm(match_fields=found) if field else NodeTerm(match_expressions=found)


def on(*terms: NodeTerm) -> Affinity:
    required = NodeSelector(node_selector_terms=terms)
    return Affinity(node_affinity=NodeAffinity(required_during_scheduling_ignored_during_execution=required))


def rather(*terms: tuple[int, NodeTerm]) -> Affinity:
    wishes = tuple(PreferredNode(weight=weight, preference=term) for weight, term in terms)
    return Affinity(node_affinity=NodeAffinity(preferred_during_scheduling_ignored_during_execution=wishes))


def about(app: str = "web", key: str = HOSTNAME, **fields: Any) -> PodTerm:
    return PodTerm(topology_key=key, label_selector=LabelSelector(match_labels={"app": app}), **fields)


def must(*terms: PodTerm) -> PodAffinity:
    return PodAffinity(required_during_scheduling_ignored_during_execution=terms)


def should(weight: int, term: PodTerm) -> PodAffinity:
    wish = WeightedPodTerm(weight=weight, pod_affinity_term=term)
    return PodAffinity(preferred_during_scheduling_ignored_during_execution=(wish,))


def apart(app: str = "web", key: str = HOSTNAME) -> Affinity:
    return Affinity(pod_anti_affinity=must(about(app, key)))


def close(app: str = "web", key: str = HOSTNAME) -> Affinity:
    return Affinity(pod_affinity=must(about(app, key)))


def even(skew: int = 1, key: str = HOSTNAME, *, hard: bool = True, app: str = "web", **fields: Any) -> SpreadConstraint:
    return SpreadConstraint(
        max_skew=skew,
        topology_key=key,
        when_unsatisfiable="DoNotSchedule" if hard else "ScheduleAnyway",
        label_selector=LabelSelector(match_labels={"app": app}),
        **fields,
    )


@pytest.mark.parametrize(
    ("affinity", "expected"),
    [
        (on(needs((ZONE, "In", "west"))), "c"),
        (on(needs((ZONE, "NotIn", "east"))), "c"),
        (on(needs(("cores", "Gt", "8"))), "c"),
        (on(needs(("cores", "Lt", "8"))), "a"),
        (on(needs(("cores", "Gt", "many"))), ""),
        (on(needs((ZONE, "Gt", "1"))), ""),
        (on(needs(("gpu", "Exists", ""))), ""),
        (on(needs(("cores", "Exists", ""), (ZONE, "In", "west"))), "c"),
        (on(needs((ZONE, "In", "north")), needs((ZONE, "In", "west"))), "c"),
        (on(needs(("metadata.name", "In", "b"), field=True)), "b"),
        (on(needs(("metadata.name", "NotIn", "a b"), field=True)), "c"),
        (on(NodeTerm()), ""),
        (rather((1, needs((ZONE, "In", "west")))), "c"),
        (rather((1, needs((ZONE, "In", "west"))), (10, needs(("cores", "In", "8")))), "b"),
        (rather((1, needs((ZONE, "In", "nowhere")))), "a"),
    ],
)
def test_node_affinity(affinity: Affinity, expected: str) -> None:
    world = World(pod("one", affinity=affinity), hosts=ZONED)
    world.settle()
    assert {name for name, pods in world.pods().items() if pods} == ({expected} if expected else set())
    if not expected:
        assert "node affinity does not match on a, b, c" in world.messages()[0]


def test_a_pod_must_not_be_beside_its_like() -> None:
    world = World(deployment(4, pod={"affinity": apart()}))
    world.settle()
    assert {name: len(pods) for name, pods in world.pods().items()} == {"a": 1, "b": 1, "c": 1}
    assert "pod anti-affinity on a, b, c" in world.messages()[0]


def test_who_is_there_already_repels_newcomers_too() -> None:
    world = World(pod("one", affinity=apart("web")), hosts=["a"])
    world.settle()
    world.declare(pod("one", affinity=apart("web")), deployment(1))
    world.settle()
    assert world.names() == ["one"]
    assert "a pod there wants none like it near on a" in world.messages()[0]


def test_a_zone_is_as_large_as_its_hosts() -> None:
    world = World(deployment(3, pod={"affinity": apart(key=ZONE)}), hosts=ZONED)
    world.settle()
    assert sorted(len(pods) for pods in world.pods().values()) == [0, 1, 1]


def test_the_first_of_pods_that_want_to_be_together_chooses() -> None:
    world = World(deployment(3, pod={"affinity": close(key=ZONE)}), hosts=ZONED)
    world.settle()
    assert [len(pods) for pods in world.pods().values()] == [2, 1, 0]
    lonely = World(pod("one", affinity=close("nobody")))
    lonely.settle()
    assert (lonely.names(), "pod affinity on a, b, c" in lonely.messages()[0]) == ([], True)


def test_pods_are_near_the_ones_that_they_need() -> None:
    cache = pod("cache", node_selector={HOSTNAME: "c"})
    world = World(cache, deployment(2, pod={"affinity": close("cache")}))
    world.settle()
    assert len(world.pods()["c"]) == 3


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (about("cache"), "ab"),
        (about("cache", namespaces=("other",)), "b"),
        (about("cache", namespace_selector=LabelSelector(match_labels={"team": "x"})), "b"),
        (about("cache", namespace_selector=LabelSelector()), "ab"),
    ],
)
def test_namespaces_of_a_term(term: PodTerm, expected: str) -> None:
    there = pod("cache", node_selector={HOSTNAME: "a"})
    elsewhere = Pod(
        metadata=ObjectMeta(name="cache", namespace="other", labels={"app": "cache"}),
        spec=pod("x", node_selector={HOSTNAME: "b"}).spec,
    )
    namespace = Namespace(metadata=ObjectMeta(name="other", labels={"team": "x"}))
    one = pod("one", affinity=Affinity(pod_affinity=must(term)))
    world = World(namespace, there, elsewhere, one)
    world.settle()
    if expected == "ab" and term.namespace_selector is None:
        assert world.host_of("one") == "a"
    else:
        assert world.host_of("one") in expected


def test_wishes_are_weighed() -> None:
    cache = pod("cache", node_selector={HOSTNAME: "b"})
    world = World(cache, pod("one", affinity=Affinity(pod_affinity=should(50, about("cache")))))
    world.settle()
    assert world.host_of("one") == "b"
    shy = [pod(name, affinity=Affinity(pod_anti_affinity=should(50, about("cache")))) for name in ("one", "two")]
    world = World(pod("cache", node_selector={HOSTNAME: "a"}), *shy)
    world.settle()
    assert "a" not in {world.host_of("one"), world.host_of("two")}


def test_a_rollout_waits_until_a_host_is_free_of_older_ones() -> None:
    world = World(deployment(2, pod={"affinity": apart()}, strategy=rolling(1, 0)))
    world.settle()
    world.declare(deployment(2, container("app:2"), pod={"affinity": apart()}, strategy=rolling(1, 0)))
    for _ in range(20):
        world.act()
        assert all(len(pods) <= 1 for pods in world.pods().values())
    assert world.status().phase == "Ready"
    assert len(world.names()) == 2


@pytest.mark.parametrize(
    ("constraints", "count", "expected"),
    [
        ((even(),), 6, [2, 2, 2]),
        ((even(key=ZONE),), 5, [2, 1, 2]),
        ((even(2, key=ZONE),), 3, [1, 1, 1]),
        ((even(key=ZONE, min_domains=3),), 4, [1, 0, 1]),
        ((even(hard=False),), 6, [2, 2, 2]),
        ((even(hard=False, key=ZONE),), 4, [1, 1, 2]),
        ((even(key="rack"),), 2, [0, 0, 0]),
        ((even(app="other"),), 3, [1, 1, 1]),
    ],
)
def test_pods_are_spread(constraints: tuple[SpreadConstraint, ...], count: int, expected: list[int]) -> None:
    world = World(deployment(count, pod={"topology_spread_constraints": constraints}), hosts=ZONED)
    world.settle()
    assert [len(pods) for pods in world.pods().values()] == expected


def test_which_hosts_count_as_domains() -> None:
    tainted = host("c", labels={ZONE: "west"}, taints=(Taint(key="x", effect="NoSchedule"),))
    hosts = [*ZONED[:2], tainted]
    for policy, count in (("Ignore", 1), ("Honor", 4)):
        spread = {"topology_spread_constraints": (even(key=ZONE, node_taints_policy=policy),)}
        world = World(deployment(4, pod=spread), hosts=hosts)
        world.settle()
        assert len(world.names()) == count
        assert count == 4 or f"topology spread over {ZONE} on a, b" in world.messages()[0]


def test_each_template_is_spread_by_itself_when_asked() -> None:
    spread = {"topology_spread_constraints": (even(match_label_keys=("pod-template-hash",)),)}
    world = World(deployment(3, pod=spread))
    world.settle()
    world.declare(deployment(3, container("app:2"), pod=spread))
    world.settle()
    assert [len(pods) for pods in world.pods().values()] == [1, 1, 1]


def test_the_image_decides_where_nothing_else_does() -> None:
    image = ImageSeen(id="sha256:1", tags=("docker.io/library/app:1",), size=900 << 20)
    rooms = [
        Room(declared(host(name)), Seen(at=0.0, facts=FACTS, images=(image,) if name == "b" else ()))  # type: ignore[arg-type]  # a Declared[Host] it is
        for name in ("a", "b")
    ]
    term = needs(("none", "Exists", ""))
    demand = Demand(affinity=rather((1, term)), images=("docker.io/library/app:1",))
    assert Scheduler(rooms).place(demand, 1, {}) == ("b",)
    assert not isinstance(Scheduler(rooms).place(Demand(), 1, {})[0], Refused)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    zones=st.lists(st.sampled_from(["x", "y", "z"]), min_size=2, max_size=6),
    replicas=st.integers(1, 9),
    skew=st.integers(1, 3),
    key=st.sampled_from([HOSTNAME, ZONE]),
    separate=st.booleans(),
)
def test_no_plan_breaks_a_hard_rule(zones: list[str], replicas: int, skew: int, key: str, *, separate: bool) -> None:
    hosts = [host(f"h{number}", labels={ZONE: zone}) for number, zone in enumerate(zones)]
    fields = {"affinity": apart(key=key)} if separate else {"topology_spread_constraints": (even(skew, key),)}
    world = World(deployment(replicas, pod=fields), pod("lone"), hosts=hosts)
    world.settle()
    domains = {one.metadata.name: one.metadata.labels[ZONE] if key == ZONE else one.metadata.name for one in hosts}
    counts = dict.fromkeys(domains.values(), 0)
    for name, pods in world.pods().items():
        counts[domains[name]] += sum(one.startswith("web-") for one in pods)
    assert max(counts.values()) <= (1 if separate else min(counts.values()) + skew)
    assert sum(counts.values()) == (min(replicas, len(counts)) if separate else replicas)
