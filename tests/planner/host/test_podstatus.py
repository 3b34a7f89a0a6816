"""What kubectl's STATUS column, the conditions and the containers of a pod say through its life."""

from msgspec.structs import replace

from agent.model.desired import DesiredPod
from agent.model.objects.pod import ExecAction, Probe, ReadinessGate
from agent.model.observation import Seen
from agent.model.probing import Health
from agent.model.status import PodStatus
from agent.planner.pods import observed_pods
from agent.planner.podstatus import pod_status
from tests.planner.host.build import (
    EMPTY,
    NOW,
    act,
    container,
    converge,
    desired,
    exited,
    live,
    pod,
    pod_key,
    with_container,
)

CHECK = Probe(exec=ExecAction(command=("true",)))


def status(wanted: DesiredPod, seen: Seen, now: float = NOW) -> PodStatus:
    return pod_status(
        observed_pods(seen, "prod").get(pod_key()),
        key=pod_key(),
        owner=wanted.owner,
        host="edge-1",
        names=tuple(one.name for one in wanted.spec.containers),
        policy=wanted.spec.restart_policy,
        now=now,
        spec=wanted.spec,
        annotations=wanted.annotations,
    )


def column(found: PodStatus) -> tuple[str, str]:
    return found.phase, found.reason


def condition(found: PodStatus, kind: str) -> tuple[str, str]:
    (one,) = (one for one in found.conditions if one.type == kind)
    return one.status, one.reason


def staged(policy: str = "Always") -> DesiredPod:
    return pod("web", init_containers=(container("one"), container("two")), restart_policy=policy)


def test_a_pod_on_its_way_through_its_init_containers() -> None:
    wanted = staged()
    first = act(desired(wanted), EMPTY)
    at_work = with_container(first, "one", state="running", finished_at=0.0, reason="")
    assert column(status(wanted, at_work)) == ("Pending", "Init:0/2")
    assert status(wanted, at_work).containers[0].reason == "PodInitializing"
    assert condition(status(wanted, at_work), "Initialized") == ("False", "ContainersNotInitialized")
    second = act(desired(wanted), first)
    at_work = with_container(second, "two", state="running", finished_at=0.0, reason="")
    assert column(status(wanted, at_work)) == ("Pending", "Init:1/2")
    ready = status(wanted, converge(desired(wanted)))
    assert (column(ready), ready.ready) == (("Running", ""), True)
    assert condition(ready, "Ready") == ("True", "")
    assert [one.reason for one in ready.init_containers] == ["Completed", "Completed"]


def test_an_init_container_that_fails() -> None:
    wanted = staged()
    failed = exited(act(desired(wanted), EMPTY), "one", code=1)
    assert column(status(wanted, failed)) == ("Pending", "Init:Error")
    again = exited(act(desired(wanted), failed), "one", code=1)
    assert column(status(wanted, again)) == ("Pending", "Init:CrashLoopBackOff")
    never = staged("Never")
    assert column(status(never, exited(act(desired(never), EMPTY), "one", code=1))) == ("Failed", "Init:Error")


def test_init_containers_that_were_removed_since_had_done_their_work() -> None:
    wanted = staged()
    seen = converge(desired(wanted))
    left = replace(seen, containers=tuple(one for one in seen.containers if one.config.name == "web"))
    assert [one.state for one in status(wanted, left).init_containers] == ["terminated", "terminated"]
    assert column(status(wanted, left)) == ("Running", "")


def test_readiness_and_gates() -> None:
    gate = ReadinessGate(condition_type="example.com/ok")
    wanted = pod("web", container(readiness_probe=CHECK), readiness_gates=(gate,))
    seen = converge(desired(wanted))
    unwell = Health(ready=False, message="Readiness probe failed: 503")
    waiting = status(wanted, replace(seen, health={live(seen).current["web"].id: unwell}))
    assert (waiting.ready, waiting.message) == (False, "Readiness probe failed: 503")
    assert condition(waiting, "ContainersReady") == ("False", "ContainersNotReady")
    shut = status(wanted, seen)
    assert (shut.ready, condition(shut, "ContainersReady")) == (False, ("True", ""))
    assert condition(shut, "Ready") == ("False", "ReadinessGatesNotReady")
    said = replace(wanted, annotations={"conditions.trimtab.dev/example.com_ok": "True"})
    assert status(said, seen).ready, "the annotation in git opens the gate of a pod that runs"


def test_how_the_attempt_before_ended_is_remembered() -> None:
    wanted = desired(pod())
    killed = with_container(exited(converge(wanted), code=137), "web", reason="OOMKilled", message="too much")
    found = status(pod(), act(wanted, killed)).containers[0]
    assert found.state == "running"
    assert found.last is not None
    assert (found.last.reason, found.last.exit_code, found.last.message) == ("OOMKilled", 137, "too much")


def test_a_crash_loop_shows_its_last_words() -> None:
    wanted = desired(pod())
    again = with_container(exited(act(wanted, exited(converge(wanted)))), "web", message="no such table")
    found = status(pod(), again)
    assert column(found) == ("Running", "CrashLoopBackOff")
    assert "exit code 1" in found.message
    assert "no such table" in found.message


def test_a_pod_past_its_deadline_has_failed() -> None:
    wanted = pod(active_deadline_seconds=60)
    found = status(wanted, act(desired(wanted), EMPTY), NOW + 61)
    assert column(found) == ("Failed", "DeadlineExceeded")


def test_the_qos_class_is_the_one_that_the_kernel_was_told() -> None:
    assert status(pod(), converge(desired(pod()))).qos_class == "BestEffort"
    assert status(pod(), EMPTY).qos_class == ""
