"""What goes wrong in an action without failing it is an event of its own."""

from agent.model.action import Action, Outcome
from agent.model.cause import Drift
from agent.model.objects.meta import PodKey
from agent.reconciler import host_events
from agent.reconciler.flights import Ended

POD = PodKey(namespace="default", name="web")


def test_a_hook_that_fails_is_an_event_in_kubernetes_words() -> None:
    action = Action(
        id="a",
        verb="remove",
        pod=POD,
        uid="u",
        rule="stray",
        cause=Drift(rule="stray", what="x", seen_at=0.0),
        consequence="remove",
        steps=(),
    )
    outcome = Outcome(action="a", pod=POD, warnings=("FailedPreStopHook: container main: command exited with 1",))
    (event,) = host_events.warned(Ended(action=action, outcome=outcome), "edge-1", "abc", 7.0)
    assert (event.type, event.reason, event.at) == ("Warning", "FailedPreStopHook", 7.0)
    assert (event.object, event.host) == ("Pod default/web", "edge-1")
    assert event.message == "container main: command exited with 1"
