"""Back-off comes from what containerd remembers, so that an agent that restarts forgets nothing."""

import pytest
from msgspec.structs import replace

from agent.model.desired import LeavingPod
from agent.model.labels import RESTART_STREAK
from agent.model.observation import Seen
from agent.model.plan import Failure
from tests.planner.host.build import (
    EMPTY,
    FACTS,
    NOW,
    ROLLOUT,
    act,
    container,
    converge,
    desired,
    exited,
    live,
    plan,
    pod,
    pod_key,
)


def crash(seen: Seen, at: float, ran: float = 1.0) -> Seen:
    return replace(exited(seen, at=at, ran=ran), at=at)


def test_a_crash_loop_waits_longer_each_time_up_to_five_minutes() -> None:
    wanted = desired(pod())
    seen, now, waited = converge(wanted), NOW, []
    for _ in range(8):
        seen = crash(seen, now)
        made = plan(wanted, seen, now)
        waited.append((made.wake_at or now) - now)
        now = made.wake_at or now
        seen = act(wanted, seen, now)
    assert waited == [0, 10, 20, 40, 80, 160, 300, 300]


def test_what_is_waited_for_is_said() -> None:
    wanted = desired(pod())
    seen = crash(act(wanted, crash(converge(wanted), NOW)), NOW)
    made = plan(wanted, seen)
    (entry,) = made.waiting
    assert (entry.reason, entry.pod, entry.until) == ("back-off", pod_key(), NOW + 10)
    assert entry.message == "container web: CrashLoopBackOff, exit code 1, restart 2 at 1970-01-01 00:16:50Z"
    assert made.unchanged == 0


def test_ten_quiet_minutes_end_the_row() -> None:
    wanted = desired(pod())
    seen = crash(act(wanted, crash(converge(wanted), NOW)), NOW + 700, ran=600)
    assert plan(wanted, seen, NOW + 700).actions
    healed = act(wanted, seen, NOW + 700)
    assert live(healed).current["web"].config.annotations[RESTART_STREAK] == "1"


def test_a_change_does_not_wait_for_the_crash_loop_of_what_it_replaces() -> None:
    wanted = desired(pod())
    seen = crash(act(wanted, crash(converge(wanted), NOW)), NOW)
    fixed = desired(pod("web", container(image="nginx:1.28")))
    assert [action.rule for action in plan(fixed, seen).actions] == ["config changed"]
    healed = act(fixed, seen)
    assert live(healed).current["web"].config.annotations[RESTART_STREAK] == "0"


def test_exit_times_are_read_on_the_hosts_clock() -> None:
    wanted = desired(pod())
    seen = crash(act(wanted, crash(converge(wanted), NOW)), NOW + 3600)
    ahead = replace(seen, facts=replace(FACTS, clock_skew=3600.0))
    assert plan(wanted, ahead).wake_at == NOW + 10


def test_a_hosts_clock_that_was_set_back_prolongs_no_pause() -> None:
    wanted = desired(pod())
    ahead = crash(act(wanted, crash(converge(wanted), NOW)), NOW + 3600)
    assert plan(wanted, replace(ahead, at=NOW)).actions, "the host's clock was an hour ahead when the container ended"


def test_a_sandbox_that_was_made_before_a_hosts_clock_was_set_back_is_made_again() -> None:
    wanted = desired(pod())
    died = replace(converge(wanted), sandboxes=tuple(replace(one, ready=False) for one in converge(wanted).sandboxes))
    again = act(wanted, died, NOW + 1)
    twice = replace(again, sandboxes=tuple(replace(one, ready=False) for one in again.sandboxes))
    assert plan(wanted, twice, NOW + 2).wake_at == NOW + 11
    later = tuple(replace(one, created_at=NOW + 3600) for one in twice.sandboxes)
    assert plan(wanted, replace(twice, sandboxes=later), NOW + 2).actions


def test_the_first_restart_is_at_once_even_when_clocks_disagree() -> None:
    wanted = desired(pod())
    assert plan(wanted, crash(converge(wanted), NOW + 50)).actions


@pytest.mark.parametrize("written", ["-1", "x", "9" * 400, "²", ""])
def test_a_streak_that_makes_no_sense_counts_as_none(written: str) -> None:
    wanted = desired(pod())
    seen = crash(converge(wanted), NOW)
    (one,) = seen.containers
    config = replace(one.config, annotations={**one.config.annotations, RESTART_STREAK: written})
    assert plan(wanted, replace(seen, containers=(replace(one, config=config),))).actions


def test_a_failed_pull_waits_and_says_why() -> None:
    failure = Failure(count=3, last_at=NOW - 5, message="registry down", kind="image-pull")
    made = plan(desired(pod()), EMPTY, failures={pod_key(): failure})
    assert (made.actions, made.wake_at, made.unchanged) == ((), NOW + 35, 0)
    assert made.waiting[0].reason == "image-pull"
    assert made.waiting[0].message.endswith("registry down")
    assert plan(desired(pod()), EMPTY, now=NOW + 35, failures={pod_key(): failure}).actions


def test_a_pause_that_began_before_the_clock_was_set_back_is_over() -> None:
    failure = Failure(count=3, last_at=NOW + 1200, message="registry down", kind="image-pull")
    assert plan(desired(pod()), EMPTY, failures={pod_key(): failure}).actions


def test_a_failed_pull_does_not_keep_other_containers_from_healing() -> None:
    seen = exited(converge(desired(pod("web", container("a"), container("b")))), "b")
    changed = desired(pod("web", container("a", image="nginx:bad"), container("b")))
    failure = Failure(count=1, last_at=NOW, message="not found", kind="image-pull")
    made = plan(changed, seen, failures={pod_key(): failure})
    assert [action.containers for action in made.actions] == [("b",)]
    assert made.waiting[0].until == NOW + 10


def test_any_other_failure_holds_the_whole_pod_back() -> None:
    seen = converge(desired(pod()))
    failure = Failure(count=1, last_at=NOW, message="cannot stop", kind="runtime")
    leaving = desired(leaving=(LeavingPod(key=pod_key(), cause=ROLLOUT),))
    made = plan(leaving, seen, failures={pod_key(): failure})
    assert (made.actions, made.waiting[0].reason, made.wake_at) == ((), "runtime", NOW + 10)
