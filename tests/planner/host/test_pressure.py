"""Pods of a host that is short of something."""

from msgspec.structs import replace

from agent.model.action import RemovePodFiles, StopContainers
from agent.model.cause import Drift
from agent.model.desired import LeavingPod
from agent.model.objects.pod import ExecAction, Lifecycle, LifecycleHandler
from agent.model.strain import Strain
from tests.planner.host.build import EMPTY, ROLLOUT, container, converge, desired, live, only, plan, pod, pod_key
from tests.planner.pressure import victim

SHORT = Strain(shortages=("DiskPressure", "MemoryPressure"))


def test_the_victim_goes_at_once_with_its_files_and_the_others_stay() -> None:
    hook = Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(command=("bye",))))
    wanted = desired(pod("one", container(lifecycle=hook)), pod("two"))
    seen = converge(wanted)
    found = live(seen, "one")
    strained = replace(seen, strain=replace(SHORT, victims=(victim("one", seen),)))
    action = only(plan(wanted, strained))
    assert (action.verb, str(action.pod)) == ("remove", "default/one")
    assert isinstance(action.cause, Drift)
    assert action.cause.what == "evicted: memory.available is 1Mi"
    (stop,) = (step for step in action.steps if isinstance(step, StopContainers))
    assert [(one.grace, one.pre_stop) for one in stop.containers] == [(2, None)]
    assert [step.uid for step in action.steps if isinstance(step, RemovePodFiles)] == [found.uid]


def test_a_victim_that_its_owner_lets_go_meanwhile_has_no_more_time_for_that() -> None:
    seen = converge(desired(pod("one")))
    leaving = desired(leaving=(LeavingPod(key=pod_key("one"), cause=ROLLOUT),))
    strained = replace(seen, strain=replace(SHORT, victims=(victim("one", seen),)))
    graces = [
        one.grace
        for looked in (seen, strained)
        for step in only(plan(leaving, looked)).steps
        if isinstance(step, StopContainers)
        for one in step.containers
    ]
    assert graces == [30, 2]


def test_what_is_gone_does_not_come_back_before_the_shortage_is_over() -> None:
    wanted = desired(pod("one"), pod("two"))
    seen = converge(desired(pod("two")))
    seen = replace(seen, strain=replace(SHORT, victims=(victim("one", seen, sandbox="gone"),)))
    found = plan(wanted, seen)
    assert found.actions == ()
    (waiting,) = found.waiting
    assert waiting.message.startswith("the host is under DiskPressure and MemoryPressure")
    assert len(plan(wanted, replace(seen, strain=Strain())).actions) == 1


def test_critical_pods_are_let_in() -> None:
    asked = pod("one", priority_class_name="system-node-critical")
    wanted = replace(desired(asked), priorities={"system-node-critical": 2_000_001_000})
    assert only(plan(wanted, replace(EMPTY, strain=SHORT))).verb == "create"
