"""What a host loop tells of its actions: each by what it is about, what goes wrong in one without failing it, too."""

import pytest
from msgspec.structs import replace

from agent.model.action import Action, Outcome
from agent.model.cause import Commit, Drift
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.origin import Location
from agent.reconciler.host import events as host_events
from agent.reconciler.host.flights import Ended

POD = PodKey(namespace="default", name="web")


def removal(key: PodKey) -> Action:
    return Action(
        id="a",
        verb="remove",
        pod=key,
        uid="u",
        rule="stray",
        cause=Drift(rule="stray", what="x", seen_at=0.0),
        consequence="remove",
        steps=(),
    )


def test_a_hook_that_fails_is_an_event_in_kubernetes_words() -> None:
    outcome = Outcome(action="a", pod=POD, warnings=("FailedPreStopHook: container main: command exited with 1",))
    (event,) = host_events.warned(Ended(action=removal(POD), outcome=outcome), "edge-1", "abc", 7.0)
    assert (event.type, event.reason, event.at) == ("Warning", "FailedPreStopHook", 7.0)
    assert (event.object, event.host) == ("Pod default/web", "edge-1")
    assert event.message == "container main: command exited with 1"


@pytest.mark.parametrize(
    ("key", "reason", "about"),
    [
        (POD, "Killed", "Pod default/web"),
        (PodKey.of_folder("5599ddf9"), "Removed", "folder of pod 5599ddf9"),
        (PodKey.of_volume("default", "data"), "Removed", "PersistentVolumeClaim default/data"),
    ],
)
def test_only_of_a_pod_is_told_that_it_was_killed(key: PodKey, reason: str, about: str) -> None:
    event = host_events.ended(Ended(action=removal(key), outcome=Outcome(action="a", pod=key)), "edge-1", "abc", 7.0)
    assert (event.reason, event.object, event.message) == (reason, about, "remove: x")


def test_what_git_does_not_declare_any_more_has_no_place_in_it() -> None:
    gone = Commit(
        revision="3f9a01c2" * 5,
        object=ObjectKey(kind="Pod", namespace="default", name="web"),
        location=Location(file=""),
        summary="no object declares it",
    )
    action = replace(removal(POD), cause=gone)
    event = host_events.ended(Ended(action=action, outcome=Outcome(action="a", pod=POD)), "edge-1", "abc", 7.0)
    assert event.message == "remove: no object declares it (3f9a01c23f9a)"
