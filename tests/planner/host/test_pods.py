"""Pods put together from flat lists, their status in Kubernetes' words, and what is remembered of values."""

import gc
import weakref

import pytest
from msgspec.structs import replace

from agent.model.labels import GRACE_PERIOD, OWNER, RESTART_POLICY
from agent.model.objects.meta import ObjectKey
from agent.model.observation import Seen
from agent.model.plan import Failure
from agent.model.status import PodStatus
from agent.planner.memo import remembered
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

OWNER_KEY = ObjectKey(kind="Pod", namespace="default", name="web")


def status(
    seen: Seen, now: float = NOW, *, failure: Failure | None = None, unseen: str = "", policy: str = "Always"
) -> PodStatus:
    return pod_status(
        observed_pods(seen, "prod").get(pod_key()),
        key=pod_key(),
        owner=OWNER_KEY,
        host="edge-1",
        names=("web",),
        policy=policy,  # type: ignore[arg-type]  # a test's shorthand
        now=now,
        failure=failure,
        unseen=unseen,
    )


def short(found: PodStatus) -> tuple[str, str, bool, str, str]:
    return found.phase, found.reason, found.ready, found.containers[0].state, found.containers[0].reason


def test_status_of_a_pod_through_its_life() -> None:
    wanted = desired(pod())
    seen = converge(wanted)
    assert short(status(EMPTY)) == ("Pending", "ContainerCreating", False, "waiting", "ContainerCreating")
    assert short(status(seen)) == ("Running", "", True, "running", "")
    assert short(status(exited(seen, code=1))) == ("Running", "Error", False, "terminated", "Error")
    again = exited(act(wanted, exited(seen)))
    assert short(status(again)) == ("Running", "CrashLoopBackOff", False, "waiting", "CrashLoopBackOff")
    assert status(again).containers[0].restarts == 1
    killed = with_container(exited(seen, code=137), "web", reason="OOMKilled")
    assert status(killed).reason == "OOMKilled"
    assert status(with_container(seen, "web", state="created")).phase == "Pending"


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [("Never", 0, "Succeeded"), ("Never", 3, "Failed"), ("OnFailure", 0, "Succeeded"), ("OnFailure", 3, "Running")],
)
def test_phase_of_a_pod_that_ended(policy: str, code: int, phase: str) -> None:
    seen = exited(converge(desired(pod(restart_policy=policy))), code=code)
    assert status(seen, policy=policy).phase == phase


def test_failures_and_unseen_hosts_show() -> None:
    failure = Failure(count=2, last_at=NOW, message="manifest unknown", kind="image-pull")
    found = status(EMPTY, failure=failure)
    assert (found.phase, found.reason, found.message) == ("Pending", "ImagePullBackOff", "manifest unknown")
    lost = status(converge(desired(pod())), unseen="connection refused")
    assert (lost.phase, lost.ready, lost.reason, lost.message) == ("Unknown", False, "HostUnseen", "connection refused")


def test_what_a_sandbox_remembers_of_its_pod() -> None:
    wanted = desired(pod(restart_policy="Never", termination_grace_period_seconds=9))
    found = live(converge(wanted))
    assert (found.owner, found.restart_policy, found.grace_period) == (OWNER_KEY, "Never", 9)
    assert found.labels == {"app": "web"}


def test_annotations_that_make_no_sense_give_defaults() -> None:
    seen = converge(desired(pod()))
    (one,) = seen.sandboxes
    odd = {OWNER: "x/y", RESTART_POLICY: "Sometimes", GRACE_PERIOD: "-5"}
    changed = replace(seen, sandboxes=(replace(one, config=replace(one.config, annotations=odd)),))
    found = live(changed)
    assert (found.owner, found.restart_policy, found.grace_period) == (None, "Always", 30)


def test_since_when_a_pod_is_ready() -> None:
    seen = converge(desired(pod("web", container("a"), container("b"))))
    seen = with_container(seen, "b", started_at=1234.0)
    assert live(seen).ready_since(("a", "b")) == 1234.0
    assert live(exited(seen, "a")).ready_since(("a", "b")) is None
    assert live(seen).ready_since(("a", "missing")) is None


def test_what_was_remembered_goes_away_with_its_value() -> None:
    calls = []

    @remembered
    def count(seen: Seen, agent: str) -> str:
        assert seen == EMPTY
        calls.append(agent)
        return agent

    seen = replace(EMPTY)
    assert [count(seen, "a"), count(seen, "a"), count(seen, "b"), count(replace(EMPTY), "b")] == ["a", "a", "b", "b"]
    assert calls == ["a", "b", "b"]
    gone = weakref.ref(seen)
    del seen
    gc.collect()
    assert gone() is None


def test_a_look_that_was_planned_from_is_let_go() -> None:
    seen = replace(converge(desired(pod())))
    observed_pods(seen, "prod")
    gone = weakref.ref(seen)
    del seen
    gc.collect()
    assert gone() is None
