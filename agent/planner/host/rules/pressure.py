"""Pods on a host that is short of something: one goes so that the others get by, and none comes but critical ones."""

from agent.model.action import Action
from agent.planner.host.rules import steps
from agent.planner.host.view import HostView, Subject, Verdict, drift, waits
from agent.planner.precedence import critical


def give_way(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that goes so that its host gets by. It has no time for hooks, as there is none to lose."""
    pod, victims = subject.observed, view.seen.strain.victims
    if pod is None or not victims:
        return None
    victim = next((one for one in victims if one.sandbox == pod.sandbox.id), None)
    if victim is None:
        return None
    action = Action(
        id=f"remove {subject.key}",
        verb="remove",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=drift(view, rule, f"evicted: {victim.why}"),
        consequence="remove",
        steps=steps.take_down(pod, None, at_once=True),
    )
    return Verdict(actions=(action,))


def keep_out(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that is not there on a host that is short of something: only critical ones are let in."""
    del rule
    shortages, desired = view.seen.strain.shortages, subject.desired
    if not shortages or desired is None or subject.observed is not None or critical(desired.spec, view.priorities):
        return None
    message = f"the host is under {' and '.join(shortages)}: pods are made there again once that is over"
    return Verdict(waiting=(waits(view, subject, "runtime", message),))
