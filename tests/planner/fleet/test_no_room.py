"""Of pods that fit nowhere many are alike: they are told the same, in the very words that each alone would be told."""

import copy
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.objects.host import Taint
from agent.model.objects.pod import Affinity, PodAffinity, PodTerm, SpreadConstraint
from agent.model.objects.selector import LabelSelector
from agent.planner.scheduler import Company, Demand, HostPort, Refused, Scheduler
from tests.planner.fleet.build import host
from tests.planner.fleet.test_scheduler import rooms

APP = {"app": "x"}
ALIKE = LabelSelector(match_labels=APP)
APART = PodAffinity(
    required_during_scheduling_ignored_during_execution=(PodTerm(topology_key="zone", label_selector=ALIKE),)
)
EVENLY = SpreadConstraint(max_skew=1, topology_key="zone", when_unsatisfiable="DoNotSchedule", label_selector=ALIKE)
HOSTS = "abc"
DEMANDS = (
    Demand(cpu=500, labels=APP),
    Demand(cpu=500, labels=APP, spread=(EVENLY,)),
    Demand(cpu=500, labels=APP, affinity=Affinity(pod_anti_affinity=APART)),
    Demand(cpu=1500),
    Demand(cpu=1500, node_selector={"zone": "east"}),
    Demand(cpu=1500, node_name="a"),
    Demand(cpu=2500),
    Demand(cpu=1, memory=3 << 30),
    Demand(ports=(HostPort(port=80, protocol="TCP"),)),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "pin", "take", "give"]),
        st.sampled_from(range(len(DEMANDS))),
        st.integers(1, 3),
        st.sampled_from(["", "", "a", "b", "ab", "abc"]),
    ),
    min_size=20,
    max_size=60,
)


def ask(scheduler: Scheduler, what: str, demand: Demand, count: int, barred: str) -> Sequence[str | Refused]:
    if what == "pin":
        return scheduler.pin(demand, HOSTS[:count])
    return scheduler.place(demand, count, {}, suits=lambda name: "barred" if name in barred else "")


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_what_is_said_is_what_would_be_said_without_anything_remembered(steps: list[tuple[str, int, int, str]]) -> None:
    small = {"cpu": "2", "memory": "4Gi", "pods": "4"}
    hosts = (
        host("a", allocatable=small, labels={"zone": "east"}),
        host("b", allocatable={**small, "cpu": "1"}, labels={"zone": "west"}),
        host("c", allocatable=small, labels={"zone": "west"}, taints=(Taint(key="new", effect="PreferNoSchedule"),)),
    )
    there, company = rooms(*hosts), Company({})
    scheduler = Scheduler(there, company)
    seated: list[tuple[Demand, str]] = []
    for what, number, count, barred in steps:
        demand, place = DEMANDS[number], HOSTS[count - 1]

        if what == "give" and seated:
            scheduler.give(*seated.pop())
        elif what == "take":
            scheduler.take(demand, place)
            seated.append((demand, place))
        elif what in {"place", "pin"}:
            afresh = Scheduler(*copy.deepcopy((there, company)))
            expected = ask(afresh, what, demand, count, barred)
            answers = ask(scheduler, what, demand, count, barred)
            assert answers == expected
            seated += [(demand, answer) for answer in answers if isinstance(answer, str)]
