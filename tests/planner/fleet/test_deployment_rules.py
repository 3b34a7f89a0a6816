"""The deployment controller's rules, as tables: given these pods, how many old ones go and how many new ones may be."""

import pytest

from agent.model.intstr import IntOrString
from agent.model.memory import Memory
from agent.model.objects import DeploymentStrategy
from agent.model.objects.meta import PodKey
from agent.planner.live import Live
from agent.planner.template import Template, resolve_template
from agent.planner.workload import Claim
from agent.planner.workloads import deployment as controller
from agent.planner.workloads.deployment import Bounds, bounds
from tests.planner.fleet.build import KEY, RECREATE, declared, deployment, rolling, scope


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", Bounds(surge=1, unavailable=1)),
        (3, "25%", "25%", Bounds(surge=1, unavailable=0)),
        (10, "25%", "25%", Bounds(surge=3, unavailable=2)),
        (1, "25%", "25%", Bounds(surge=1, unavailable=0)),
        (3, 0, 0, Bounds(surge=0, unavailable=1)),
        (3, "0%", "10%", Bounds(surge=0, unavailable=1)),
        (2, 0, 5, Bounds(surge=0, unavailable=2)),
        (2, "100%", "100%", Bounds(surge=2, unavailable=2)),
        (0, "25%", "25%", Bounds(surge=0, unavailable=0)),
    ],
)
def test_surge_rounds_up_and_unavailable_down(
    replicas: int, surge: IntOrString, unavailable: IntOrString, expected: Bounds
) -> None:
    assert bounds(deployment(replicas, strategy=rolling(surge, unavailable)).spec) == expected


def decide(
    replicas: int,
    strategy: DeploymentStrategy,
    *,
    old: str = "",
    new: str = "",
    paused: bool = False,
    memory: Memory = Memory(),  # noqa: B008 -- frozen
    min_ready_seconds: int = 0,
    now: float = 100.0,
) -> Claim:
    """Ask the controller. Pods are letters by slot: `r`unning, `d`own, `u`nseen, `-` none."""
    body = deployment(replicas, strategy=strategy, paused=paused, min_ready_seconds=min_ready_seconds)
    template = resolve_template(declared(body), (), KEY)  # type: ignore[arg-type]  # a Declared[Deployment] it is
    live = [
        *_pods(template, "web-4ktvph2fwk", "4ktvph2fwk", old),
        *_pods(template, template.set, template.hash, new),
    ]
    return controller.claim(scope(template, live, memory=memory, now=now))


def _pods(template: Template, prefix: str, generation: str, states: str) -> list[Live]:
    return [
        Live(
            key=PodKey(namespace="default", name=f"{prefix}-{index}"),
            name=f"default/{prefix}-{index}",
            host="a",
            seen=state != "u",
            owner=template.declared.key,
            generation=generation,
            set=prefix,
            slot=index,
            names=("app",),
            running_since=90.0 if state == "r" else None,
        )
        for index, state in enumerate(states)
        if state != "-"
    ]


def slots(claim: Claim) -> str:
    return "".join(str(slot.index) for slot in claim.now)


def kept(claim: Claim) -> str:
    return "".join(pod.key.name[-1] for pod in claim.kept)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "old", "new", "stay", "may_be"),
    [
        # nothing there yet: all at once
        (3, 1, 0, "", "", "", "012"),
        # surge only: one new one first, old ones stay
        (3, 1, 0, "rrr", "", "012", "0"),
        (3, 1, 0, "rrr", "d", "012", "0"),
        # the new one is available: an old one goes, and makes room for the next when it is gone
        (3, 1, 0, "rrr", "r", "01", "0"),
        (3, 1, 0, "rr", "r", "01", "01"),
        (3, 1, 0, "rr", "rd", "01", "01"),
        (3, 1, 0, "r", "rr", "0", "012"),
        (3, 1, 0, "r", "rrr", "", "012"),
        # unavailable only: an old one goes first
        (3, 0, 1, "rrr", "", "01", ""),
        (3, 0, 1, "rr", "", "01", "0"),
        (3, 0, 1, "rr", "d", "01", "0"),
        (3, 0, 1, "rr", "r", "0", "0"),
        (3, 0, 1, "r", "r", "0", "01"),
        # both
        (4, 1, 1, "rrrr", "", "012", "0"),
        (4, 1, 1, "rrr", "", "012", "01"),
        (10, 3, 2, "rrrrrrrrrr", "", "01234567", "012"),
        (10, 3, 2, "rrrrrrrr", "", "01234567", "01234"),
        # unhealthy old ones go first, as many as the bound lets go at all
        (3, 1, 1, "rdr", "", "02", "0"),
        (3, 1, 0, "rdr", "", "012", "0"),
        (3, 1, 0, "rdr", "r", "02", "0"),
        (4, 0, 1, "dddr", "", "013", ""),
        # everything down: the bound on what may go still holds, so that a failing template cannot take all
        (3, 0, 1, "ddd", "", "01", ""),
        # to none
        (0, 1, 0, "rrr", "", "", ""),
        # scaled up in the midst: only the new template grows
        (6, 1, 0, "rrr", "r", "012", "0123"),
        # scaled down in the midst: never more than replicas + surge
        (2, 1, 0, "rrrr", "dd", "01", "0"),
        (2, 1, 0, "rrrr", "dr", "0", "01"),
        # and of the new ones those that are available
        (3, 0, 1, "rrr", "ddr", "0", "02"),
    ],
)
def test_rolling_update(  # noqa: PLR0917 -- a table's columns
    replicas: int, surge: int, unavailable: int, old: str, new: str, stay: str, may_be: str
) -> None:
    claim = decide(replicas, rolling(surge, unavailable), old=old, new=new)
    assert (kept(claim), slots(claim)) == (stay, may_be)


def test_scaling_down_takes_the_unavailable_then_the_highest() -> None:
    assert slots(decide(2, rolling(1, 0), new="rrr")) == "01"
    assert slots(decide(2, rolling(1, 0), new="drr")) == "12"
    assert slots(decide(2, rolling(1, 0), new="ddr")) == "02"


def test_slots_that_were_chosen_once_stay_chosen_as_far_as_their_pods_are_there() -> None:
    template_set = decide(2, rolling(1, 0)).template.set
    memory = Memory(placements={f"default/{template_set}-{slot}": "a" for slot in (1, 2)})
    assert slots(decide(2, rolling(1, 0), new="-r", memory=memory)) == "12"
    assert slots(decide(3, rolling(1, 0), new="-rr", memory=memory)) == "012"
    assert slots(decide(2, rolling(1, 0), new="rrd", memory=memory)) == "01"


def test_a_pod_that_was_sent_away_counts_for_nothing_and_no_other_goes_in_its_stead() -> None:
    memory = Memory(leaving={"default/web-4ktvph2fwk-0": "a"})
    claim = decide(3, rolling(1, 0), old="rrr", new="rd", memory=memory)
    assert (kept(claim), slots(claim)) == ("12", "01")
    assert [one.pod.key.name for one in claim.leaving] == ["web-4ktvph2fwk-0"]


@pytest.mark.parametrize(
    ("old", "new", "may_be"),
    [
        ("rrr", "r", "0"),  # told to go, and still there: that makes four
        ("-rr", "r", "01"),  # gone
        ("drr", "r", "0"),  # half gone is not gone
        ("urr", "r", "01"),  # nobody would see it go: its host is lost
        ("rrr", "rr", "01"),  # what is there may stay
        ("rr", "rrrr", "012"),  # surplus of the newest template goes as well, and takes up room until then
    ],
)
def test_a_pod_that_goes_takes_up_its_room_until_it_is_gone(old: str, new: str, may_be: str) -> None:
    memory = Memory(leaving={"default/web-4ktvph2fwk-0": "a"})
    assert slots(decide(3, rolling(1, 0), old=old, new=new, memory=memory)) == may_be


def test_surplus_takes_up_its_room_until_it_is_gone() -> None:
    memory = Memory(leaving={f"default/{decide(2, rolling(1, 0)).template.set}-1": "a"})
    assert slots(decide(2, rolling(0, 1), new="rr", memory=memory)) == "0"
    assert slots(decide(2, rolling(0, 1), new="ru", memory=memory)) == "02", "nobody would see it go"
    assert slots(decide(2, RECREATE, new="rr", memory=memory)) == "0"
    assert slots(decide(2, rolling(1, 0), new="rr", memory=memory)) == "02"


def test_a_pod_that_was_sent_away_goes_even_when_it_is_wanted_again() -> None:
    """It may be stopping already, told so by an agent that died since: it is made anew once it is gone."""
    name = f"{decide(1, rolling(1, 0)).template.set}-0"
    claim = decide(1, rolling(1, 0), old="r", new="r", memory=Memory(leaving={f"default/{name}": "a"}))
    assert (kept(claim), slots(claim), claim.available) == ("0", "", 1)
    assert [one.pod.key.name for one in claim.leaving] == [name]
    assert kept(decide(1, rolling(1, 0), old="r", new="r")) == ""


def test_a_pod_is_available_only_after_min_ready_seconds() -> None:
    claim = decide(3, rolling(1, 0), old="rrr", new="r", min_ready_seconds=30)
    assert (claim.ready, claim.available, kept(claim), claim.wake_at) == (4, 0, "012", 120.0)
    assert decide(3, rolling(1, 0), old="rrr", new="r", min_ready_seconds=10).available == 3


def test_a_clock_that_was_set_back_makes_nothing_unavailable() -> None:
    claim = decide(2, rolling(0, 1), old="rr", new="-d", now=50.0)
    assert (claim.available, kept(claim), claim.wake_at) == (1, "0", None)


@pytest.mark.parametrize(
    ("old", "new", "stay", "may_be"),
    [("rrr", "", "", ""), ("d", "", "", ""), ("", "", "", "012"), ("r", "rr", "", "01")],
)
def test_recreate_starts_when_the_last_old_pod_is_gone(old: str, new: str, stay: str, may_be: str) -> None:
    claim = decide(3, RECREATE, old=old, new=new)
    assert (kept(claim), slots(claim)) == (stay, may_be)


def test_recreate_waits_for_pods_that_were_sent_away_before() -> None:
    claim = decide(1, RECREATE, old="r", memory=Memory(leaving={"default/web-4ktvph2fwk-0": "a"}))
    assert slots(claim) == ""


@pytest.mark.parametrize(
    ("replicas", "old", "new", "stay", "may_be"),
    [
        (3, "", "", "", ""),  # paused from its first day
        (3, "rrr", "", "012", ""),  # no rollout
        (2, "rrr", "", "01", ""),  # but scaling
        (5, "rrr", "", "012", ""),  # a template that is gone cannot grow
        (5, "", "rrr", "", "01234"),  # the current one can
        (2, "", "rrr", "", "01"),
        (3, "rr", "rr", "01", "01"),  # stopped halfway
        (5, "rr", "rr", "01", "012"),
    ],
)
def test_paused_stops_rollouts_but_not_scaling(replicas: int, old: str, new: str, stay: str, may_be: str) -> None:
    claim = decide(replicas, rolling(1, 0), old=old, new=new, paused=True)
    assert (kept(claim), slots(claim)) == (stay, may_be)


def test_a_departure_says_whether_a_newer_pod_follows() -> None:
    def reasons(claim: Claim) -> list[str]:
        return [one.reason for one in claim.leaving]

    assert reasons(decide(3, rolling(1, 0), old="rrr", new="r")) == ["replaced"]
    assert reasons(decide(1, rolling(1, 0), old="rrr")) == ["scaled-down"] * 2
    assert reasons(decide(0, rolling(1, 0), old="rr")) == ["scaled-down"] * 2
    assert reasons(decide(1, rolling(1, 0), new="rr")) == ["scaled-down"]
    assert reasons(decide(2, RECREATE, old="rrr")) == ["scaled-down", "replaced", "replaced"]


def test_a_name_that_a_pod_declares_for_itself_is_not_taken() -> None:
    body = deployment(2)
    template = resolve_template(declared(body), (), KEY)  # type: ignore[arg-type]  # a Declared[Deployment] it is
    taken = frozenset({f"default/{template.set}-0"})
    claim = controller.claim(scope(template, (), now=0.0, taken=taken))
    assert slots(claim) == "12"
