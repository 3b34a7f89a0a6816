"""The host planner: one host's desired state against what it showed, as actions."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.action import Action, PullImage, RemovePodFiles
from agent.model.desired import DesiredPod
from agent.model.objects.meta import PodKey
from agent.model.observation import Seen
from agent.model.plan import Failure, HostInput, HostPlan, Waiting
from agent.planner.backoff import retry_at
from agent.planner.host import texts
from agent.planner.host.rendering.machine import Machine, machine
from agent.planner.host.rendering.render import render_pod
from agent.planner.host.rendering.rendered import RenderedPod
from agent.planner.host.rendering.userns import with_own_ranges
from agent.planner.host.rules.claims import claim_verdicts
from agent.planner.host.rules.healing import as_it_was, completed
from agent.planner.host.rules.hostports import settle
from agent.planner.host.rules.order import ordered
from agent.planner.host.rules.steps import is_uid
from agent.planner.host.rules.table import classify
from agent.planner.host.view import HostView, Reason, Subject, Verdict, drift, host_view, waits
from agent.planner.memo import Notes
from agent.planner.pods import ObservedPod, observed_pods

_QUIET: Final = Notes[Seen, HostPlan]()
"""Plans of hosts that are as they should be: by far the most frequent, and soon asked for again."""


def plan_host(given: HostInput) -> HostPlan:
    """Return what to do on a host now.

    Pure: the answer depends on the input only. After everything in it was done, the next plan is empty. A host that
    cannot be seen, or whose runtime says that it is not ready, gets no actions.
    """
    host, seen = given.desired.host, given.observation
    if not isinstance(seen, Seen):
        message = f"host {host} cannot be seen since {texts.clock(seen.since)}: {seen.reason}"
        return HostPlan(host=host, waiting=(Waiting(reason="unseen", message=message, host=host),))
    if not seen.facts.runtime_ready:
        message = f"containerd on host {host} says it is not ready: {seen.facts.message or 'no reason given'}"
        return HostPlan(host=host, waiting=(Waiting(reason="runtime", message=message, host=host),))
    desired = given.desired
    # What a plan that asks for nothing and waits for nothing follows from: neither the time nor failures nor revision.
    pods = (desired.pods, desired.kept, desired.leaving, desired.allotment, desired.priorities)
    wanted = (desired.host, desired.agent, *pods, desired.volumes, desired.released, given.key, given.usage)
    if (quiet := _QUIET.find(seen, wanted)) is not None:
        return quiet
    plan = _plan(given, seen)
    if not plan.actions and not plan.waiting and plan.wake_at is None:
        _QUIET.keep(seen, wanted, plan)
    return plan


def _plan(given: HostInput, seen: Seen) -> HostPlan:
    view = host_view(given, seen)
    found = subjects(given, view)
    verdicts = [_held_back(classify(subject, view), subject, given, view) for subject in found]
    verdicts += _leftovers(found, given, view)
    verdicts += [_held_back(verdict, about, given, view) for about, verdict in claim_verdicts(given, seen)]
    actions = [action for verdict in verdicts for action in verdict.actions]
    waiting = [entry for verdict in verdicts for entry in verdict.waiting]
    if actions:
        actions, blocked = settle(actions, {subject.key: subject for subject in found}, view)
        waiting += blocked
    times = [entry.until for entry in waiting] + [verdict.wake_at for verdict in verdicts]
    busy = {action.pod for action in actions} | {entry.pod for entry in waiting}
    return HostPlan(
        host=given.desired.host,
        actions=ordered(actions),
        waiting=tuple(sorted(waiting, key=lambda entry: (str(entry.pod), entry.reason, entry.message))),
        wake_at=min((at for at in times if at > given.now), default=None),
        unchanged=sum(subject.wanted is not None and subject.key not in busy for subject in found),
    )


def subjects(given: HostInput, view: HostView) -> list[Subject]:
    """Return every pod that concerns a host, wanted or seen, sorted by key."""
    desired = given.desired
    live = observed_pods(view.seen, desired.agent)
    on = machine(desired.host, desired.agent, given.key, view.seen.facts, desired.allotment)
    found = {
        pod.key: Subject(
            key=pod.key, desired=pod, wanted=_wanted(pod, on, live.get(pod.key)), observed=live.get(pod.key)
        )
        for pod in desired.pods
    }
    ranges = with_own_ranges((one.wanted for one in found.values() if one.wanted is not None), view.seen)
    for key, subject in found.items():
        if subject.wanted is not None and subject.wanted.uid in ranges:
            found[key] = replace(subject, wanted=ranges[subject.wanted.uid])
    for kept in desired.kept:
        if kept.key not in found:
            pod = live.get(kept.key)
            found[kept.key] = Subject(key=kept.key, wanted=as_it_was(pod, view) if pod else None, observed=pod)
    for leaving in desired.leaving:
        if leaving.key not in found:
            found[leaving.key] = Subject(key=leaving.key, observed=live.get(leaving.key), going=leaving.cause)
    for key, pod in live.items():
        if key not in found:
            found[key] = Subject(key=key, observed=pod)
    return [found[key] for key in sorted(found, key=lambda key: (key.namespace, key.name))]


def _wanted(pod: DesiredPod, on: Machine, live: ObservedPod | None) -> RenderedPod:
    """Return a pod as it should be on the host; where its sandbox is there, with the addresses that it has."""
    wanted = render_pod(pod, on, live.sandbox.ips if live is not None and live.sandbox.ready else ())
    return completed(wanted, live) if pod.older and live is not None and not wanted.refused else wanted


def _held_back(verdict: Verdict, subject: Subject, given: HostInput, view: HostView) -> Verdict:
    """Return a verdict without the actions that failed a moment ago: they wait before they are tried again.

    A pull that fails holds back only what has to pull; anything else holds back all actions on the pod.
    """
    failure = given.failures.get(subject.key)
    if failure is None or not verdict.actions or (until := retry_at(failure, given.now)) <= given.now:
        return verdict
    pulling = failure.kind == "image-pull"
    going_on = tuple(action for action in verdict.actions if pulling and not _pulls(action))
    if len(going_on) == len(verdict.actions):
        return verdict
    entry = waits(view, subject, _reason(failure), _tried(failure, until), until=until)
    return replace(verdict, actions=going_on, waiting=(*verdict.waiting, entry))


def _pulls(action: Action) -> bool:
    return any(isinstance(step, PullImage) for step in action.steps)


def _reason(failure: Failure) -> Reason:
    return "image-pull" if failure.kind == "image-pull" else "runtime"


def _tried(failure: Failure, until: float) -> str:
    times = f"failed {failure.count} times" if failure.count > 1 else "failed"
    return f"{times}, next try at {texts.clock(until)}: {texts.cut(failure.message)}"


def _leftovers(found: Sequence[Subject], given: HostInput, view: HostView) -> Iterator[Verdict]:
    """Return what removes folders of pods that are no more: a removal was cut short.

    Such a folder has no pod's name any more, only its uid.
    """
    known = {one.config.uid for one in view.seen.sandboxes}
    known |= {subject.wanted.uid for subject in found if subject.wanted is not None}
    rule = "folder left over"
    for uid in view.seen.pod_dirs:
        if uid in known or not is_uid(uid):
            continue
        subject = Subject(key=PodKey.of_folder(uid))
        action = Action(
            id=f"remove folder {uid}",
            verb="remove",
            pod=subject.key,
            uid=uid,
            rule=rule,
            cause=drift(view, rule, "its pod is no more"),
            consequence="remove",
            steps=(RemovePodFiles(uid=uid),),
        )
        yield _held_back(Verdict(actions=(action,)), subject, given, view)
