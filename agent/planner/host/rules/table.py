"""Classification: what is the matter with a pod. One ordered table, the first rule that matches decides.

A rule is a name and a function; the name is what plans, events and metrics call the finding. When no rule for the
whole pod matches, the rules for its files and containers look at the parts.

What is not in the table: a host that cannot be seen (no rule is ever asked), and everything without our ownership
label (it never becomes a subject).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.model.action import Action, StopSandbox
from agent.model.cause import Cause
from agent.planner.deadline import deadline, exceeded, remembered_deadline
from agent.planner.host import texts
from agent.planner.host.rules import steps
from agent.planner.host.rules.evict import evict
from agent.planner.host.rules.init_order import is_over
from agent.planner.host.rules.making import differences, make, summary
from agent.planner.host.rules.parts import classify_parts
from agent.planner.host.rules.pressure import give_way, keep_out
from agent.planner.host.rules.restart import halt
from agent.planner.host.view import NOTHING, HostView, Subject, Verdict, asked_for, drift, waits
from agent.planner.pods import ObservedPod


class PodRule(NamedTuple):
    """One row of the table. ``check`` returns None when the rule does not match."""

    name: str
    check: Callable[[Subject, HostView, str], Verdict | None]


def classify(subject: Subject, view: HostView) -> Verdict:
    """Return what the first matching rule asks for."""
    for rule in POD_RULES:
        verdict = rule.check(subject, view, rule.name)
        if verdict is not None:
            return verdict
    raise AssertionError("the last rule matches everything")


def _gone(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that should not be and is not; a leaving pod that has left."""
    del view, rule
    return NOTHING if subject.observed is None and subject.wanted is None else None


def _leaving(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that its owner lets go: scaled down, rolled out, moved."""
    del view
    pod = subject.observed
    if subject.wanted is not None or subject.going is None or pod is None:
        return None
    action = Action(
        id=f"remove {subject.key}",
        verb="remove",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=subject.going,
        consequence="remove",
        steps=steps.take_down(pod, None),
    )
    return Verdict(actions=(action,))


def _unmentioned(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod of ours of which the desired state does not say a word.

    It came to be, or into sight, after the fleet planner last looked. That one knows whether another pod depends on it
    (a rollout counts pods), so it is asked first: what nothing declares is leaving in its next plan.
    """
    del rule
    if subject.wanted is not None or subject.observed is None:
        return None
    message = f"nobody has decided yet what becomes of pod {subject.key}, which was not there before"
    return Verdict(waiting=(waits(view, subject, "predecessor", message),))


def _refused(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that cannot be rendered; what runs of it goes on. One that ran to its end lacks nothing."""
    del rule
    pod, wanted = subject.observed, subject.wanted
    if wanted is None or not wanted.refused or (pod is not None and is_over(wanted, pod)):
        return None
    return Verdict(waiting=(waits(view, subject, "refused", wanted.refused),))


def _absent(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that has no sandbox. One whose folder is there was alive once, or was being made."""
    if subject.observed is not None or subject.wanted is None or subject.desired is None:
        return None
    cause: Cause
    if subject.wanted.uid in view.seen.pod_dirs:
        cause = drift(view, rule, "the pod's folder is there, but its sandbox is not: lost, or it could not be made")
    else:
        path = subject.desired.spec_path
        cause = asked_for(view, subject.desired, path=path, summary="declared, and not on the host yet")
    return make(subject, view, rule, cause)


def _changed(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod of another incarnation: what cannot change within a pod's life has changed in git."""
    pod, desired = subject.observed, subject.desired
    if pod is None or desired is None or subject.wanted is None or pod.uid == subject.wanted.uid:
        return None
    found = differences(subject, view.key)
    path = found[0].path if found else desired.spec_path
    return make(subject, view, rule, asked_for(view, desired, path=path, summary=summary(found)))


def _extra_sandbox(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod with sandboxes besides the newest: rests of an attempt that was cut short."""
    pod, wanted = subject.observed, subject.wanted
    if pod is None or wanted is None or len(pod.sandboxes) < 2:
        return None
    count = len(pod.sandboxes) - 1
    rest = ObservedPod(key=pod.key, sandboxes=pod.sandboxes[1:])
    action = Action(
        id=f"remove {subject.key} sandboxes",
        verb="remove",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=drift(view, rule, f"{count} more {'sandboxes' if count > 1 else 'sandbox'} than the one it needs"),
        consequence="remove",
        steps=steps.take_down(rest, wanted),
    )
    return Verdict(actions=(action,))


def _deadline(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that was active for longer than it may be: all of it stops, and stays so."""
    pod, wanted = subject.observed, subject.wanted
    at = _time_is_up(subject)
    if pod is None or wanted is None or not exceeded(pod, at, view.now, view.seen.facts.clock_skew):
        return None
    what = f"was active on the host for longer than its activeDeadlineSeconds, until {texts.clock(at or 0.0)}"
    return halt(subject, pod, rule, drift(view, rule, f"DeadlineExceeded: {what}"), grace=wanted.grace_period)


def _time_is_up(subject: Subject) -> float | None:
    pod, desired = subject.observed, subject.desired
    if pod is None:
        return None
    return deadline(pod, remembered_deadline(pod) if desired is None else desired.spec.active_deadline_seconds)


def _completed(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod that ran to its end, and whose sandbox died since: it stays as it is."""
    del view, rule
    pod, wanted = subject.observed, subject.wanted
    if pod is None or wanted is None or pod.sandbox.ready:
        return None
    return NOTHING if is_over(wanted, pod) else None


def _at_rest(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a kept pod that ran to its end: its sandbox gives its address and its ports back; its logs stay."""
    pod, wanted = subject.observed, subject.wanted
    if pod is None or wanted is None or subject.desired is not None or not is_over(wanted, pod):
        return None
    action = Action(
        id=f"stop {subject.key} sandbox",
        verb="stop",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=drift(view, rule, "the pod ran to its end, and needs no network any more"),
        consequence="stop",
        steps=(StopSandbox(sandbox_id=pod.sandbox.id),),
    )
    return Verdict(actions=(action,))


def _not_ready(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match a pod whose sandbox died: its network is gone, so all of it is made anew under the same uid."""
    pod, wanted = subject.observed, subject.wanted
    if pod is None or wanted is None or pod.sandbox.ready:
        return None
    if (allowed := steps.made_again_at(pod, view)) > view.now:
        message = f"the sandbox died again, made anew after {texts.clock(allowed)}"
        return Verdict(waiting=(waits(view, subject, "back-off", message, until=allowed),))
    what = "the pod's sandbox is not ready (its host or containerd restarted, or its pause process ended)"
    return make(subject, view, rule, drift(view, rule, what))


def _by_parts(subject: Subject, view: HostView, rule: str) -> Verdict | None:
    """Match everything else: the sandbox is fine, its files and containers are looked at one by one."""
    del rule
    verdict = classify_parts(subject, view)
    at = _time_is_up(subject)
    return verdict if at is None or at <= view.now else replace(verdict, wake_at=at)


POD_RULES: Final = (
    PodRule("pod gone", _gone),
    PodRule("pod gives way", give_way),
    PodRule("pod leaving", _leaving),
    PodRule("pod not mentioned", _unmentioned),
    PodRule("pod refused", _refused),
    PodRule("host under pressure", keep_out),
    PodRule("pod absent", _absent),
    PodRule("pod changed", _changed),
    PodRule("extra sandbox", _extra_sandbox),
    PodRule("deadline exceeded", _deadline),
    PodRule("pod completed", _completed),
    PodRule("pod at rest", _at_rest),
    PodRule("sandbox not ready", _not_ready),
    PodRule("pod evicted", evict),
    PodRule("pod parts", _by_parts),
)
