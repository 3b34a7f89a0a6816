"""What is remembered is what would be worked out again, and nothing is kept alive by it."""

import copy
import gc
import weakref

from msgspec.structs import replace

from agent.model.plan import Failure, FingerprintKey, HostInput
from agent.planner.host import plan_host
from agent.planner.memo import Notes, Same, remembered
from tests.planner.host.build import KEY, NOW, converge, desired, exited, pod, pod_key


class Thing:
    """Something that can be referred to weakly."""


def test_an_answer_is_worked_out_once_for_the_same_value_and_arguments() -> None:
    asked: list[int] = []

    @remembered
    def double(_thing: Thing, number: int) -> int:
        asked.append(number)
        return number * 2

    one, other = Thing(), Thing()
    assert [double(one, 2), double(one, 2), double(other, 2), double(one, 3), double(one, 3)] == [4, 4, 4, 6, 6]
    assert asked == [2, 2, 3]


def test_values_are_the_same_only_if_nothing_took_their_place() -> None:
    one, other = [1], [1]
    assert Same([one, other]) == Same((one, other))
    assert Same([one]) != Same([other])
    assert Same([one]) != Same([one, other])
    assert Same([one]) != (one,)


def test_a_note_goes_away_with_its_value() -> None:
    notes, one, rest = Notes[Thing, str](), Thing(), Thing()
    gone = weakref.ref(rest)
    notes.keep(one, rest, "known")
    assert notes.find(one, rest) == "known"
    del one, rest
    gc.collect()
    assert gone() is None


def test_a_quiet_plan_is_remembered_for_the_same_look_and_the_same_pods_only() -> None:
    wanted = desired(pod())
    seen = converge(wanted)
    asked = HostInput(desired=wanted, observation=seen, key=KEY, now=NOW)
    quiet = plan_host(asked)
    failures = {pod_key(): Failure(count=1, last_at=NOW, message="once")}
    later = replace(asked, desired=replace(wanted, revision="another"), now=NOW + 99, failures=failures)
    assert plan_host(later) is quiet
    assert plan_host(replace(later, observation=copy.deepcopy(seen))) == quiet
    assert plan_host(replace(asked, desired=desired(pod("web", hostname="other")))).actions
    assert plan_host(replace(asked, observation=exited(seen))).actions
    assert plan_host(replace(asked, desired=replace(wanted, agent="staging"))).actions
    assert plan_host(replace(asked, key=FingerprintKey(value=b"x" * 32))) == quiet
    assert plan_host(asked) == quiet
