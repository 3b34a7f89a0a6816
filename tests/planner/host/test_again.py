"""A container whose end starts all of its pod anew, in place."""

from msgspec.structs import replace

from agent.model.action import RemoveSandbox, StartContainer, StopContainers
from agent.model.desired import DesiredPod
from agent.model.objects.pod import Container, ExecAction, ExitCodes, Lifecycle, LifecycleHandler, RestartRule
from tests.planner.host.build import NOW, act, container, converge, desired, exited, live, only, plan, pod

RETRY = RestartRule(action="RestartAllContainers", exit_codes=ExitCodes(operator="In", values=(88,)))
ONE = RestartRule(action="Restart", exit_codes=ExitCodes(operator="In", values=(42,)))
BYE = Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(command=("bye",))))


def job(*, policy: str = "Never", init: bool = True) -> DesiredPod:
    main = container("web", restart_policy=policy, restart_policy_rules=(ONE, RETRY))
    before: tuple[Container, ...] = (container("prepare"), container("proxy", restart_policy="Always", lifecycle=BYE))
    return pod("web", main, container("other"), init_containers=before if init else (), restart_policy="Never")


def test_all_of_it_stops_without_hooks_and_starts_from_the_first_on_in_its_sandbox() -> None:
    wanted = desired(job())
    seen = converge(wanted)
    before = live(seen)
    ended = exited(seen, "web", code=88)
    action = only(plan(wanted, ended))
    assert (action.rule, action.verb, action.consequence) == ("all containers start anew", "restart", "restart")
    (stop,) = (step for step in action.steps if isinstance(step, StopContainers))
    assert [(one.name, one.grace, one.pre_stop) for one in stop.containers] == [
        ("other", 30, None),
        ("proxy", 30, None),
    ]
    assert [step.config.name for step in action.steps if isinstance(step, StartContainer)] == ["prepare"]
    assert not [step for step in action.steps if isinstance(step, RemoveSandbox)]

    halfway = act(wanted, ended)
    assert not live(halfway).over, "what stopped for it is not at its end"
    again = live(converge(wanted, ended))
    assert again.sandbox == before.sandbox
    assert {name: one.config.attempt for name, one in again.current.items()} == dict.fromkeys(before.current, 1)
    assert {one.state for name, one in again.current.items() if name != "prepare"} == {"running"}
    assert (again.round, again.past) == (1, {})


def test_without_init_containers_the_main_ones_start_at_once() -> None:
    wanted = desired(job(init=False))
    seen = act(wanted, exited(converge(wanted), "web", code=88))
    assert {name: (one.state, one.config.attempt) for name, one in live(seen).current.items()} == {
        "other": ("running", 1),
        "web": ("running", 1),
    }
    assert plan(wanted, seen).actions == ()


def test_each_time_it_takes_longer() -> None:
    wanted = desired(job())
    seen = converge(wanted, exited(converge(wanted), "web", code=88))
    second = exited(seen, "web", code=88)
    made = plan(wanted, second)
    assert (made.actions, made.wake_at) == ((), NOW + 10)
    assert only(plan(wanted, second, NOW + 10)).rule == "all containers start anew"
    assert live(converge(wanted, second)).round == 2


def test_the_first_rule_that_matches_counts_and_other_codes_are_as_ever() -> None:
    wanted = desired(job())
    seen = converge(wanted)
    assert only(plan(wanted, exited(seen, "web", code=42))).rule == "container exited"
    assert plan(wanted, exited(seen, "web", code=1)).actions == ()


def test_what_is_left_of_the_round_before_goes_on_with_it() -> None:
    """The agent ended after it had started the first container, before it removed that one's predecessor."""
    wanted = desired(job(init=False))
    seen = converge(wanted)
    ended = exited(seen, "web", code=88)
    started = act(wanted, ended)
    kept = tuple(one for one in ended.containers if one.config.name == "web")
    crashed = replace(started, containers=tuple(sorted((*started.containers, *kept), key=lambda one: one.id)))
    action = only(plan(wanted, crashed))
    assert (action.rule, action.containers) == ("container left over", ("web",))
    assert plan(wanted, act(wanted, crashed)).actions == ()
