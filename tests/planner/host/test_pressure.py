"""Pods of a host that is short of something."""

from msgspec.structs import replace

from agent.model.action import RemovePodFiles, StopContainers
from agent.model.cause import Drift
from agent.model.objects.pod import ExecAction, Lifecycle, LifecycleHandler
from agent.model.strain import Strain, Victim
from tests.planner.host.build import EMPTY, container, converge, desired, live, only, plan, pod

SHORT = Strain(shortages=("DiskPressure", "MemoryPressure"))


def told(sandbox: str) -> Victim:
    return Victim(sandbox=sandbox, uid="", why="memory.available is 1Mi", since=0.0)


def test_the_victim_goes_at_once_with_its_files_and_the_others_stay() -> None:
    hook = Lifecycle(pre_stop=LifecycleHandler(exec=ExecAction(command=("bye",))))
    wanted = desired(pod("one", container(lifecycle=hook)), pod("two"))
    seen = converge(wanted)
    found = live(seen, "one")
    strained = replace(seen, strain=replace(SHORT, victims=(told(found.sandbox.id),)))
    action = only(plan(wanted, strained))
    assert (action.verb, str(action.pod)) == ("remove", "default/one")
    assert isinstance(action.cause, Drift)
    assert action.cause.what == "evicted: memory.available is 1Mi"
    (stop,) = (step for step in action.steps if isinstance(step, StopContainers))
    assert [(one.grace, one.pre_stop) for one in stop.containers] == [(2, None)]
    assert [step.uid for step in action.steps if isinstance(step, RemovePodFiles)] == [found.uid]


def test_what_is_gone_does_not_come_back_before_the_shortage_is_over() -> None:
    wanted = desired(pod("one"), pod("two"))
    seen = replace(converge(desired(pod("two"))), strain=replace(SHORT, victims=(told("gone"),)))
    found = plan(wanted, seen)
    assert found.actions == ()
    (waiting,) = found.waiting
    assert waiting.message.startswith("the host is under DiskPressure and MemoryPressure")
    assert len(plan(wanted, replace(seen, strain=Strain())).actions) == 1


def test_critical_pods_are_let_in() -> None:
    asked = pod("one", priority_class_name="system-node-critical")
    wanted = replace(desired(asked), priorities={"system-node-critical": 2_000_001_000})
    assert only(plan(wanted, replace(EMPTY, strain=SHORT))).verb == "create"
