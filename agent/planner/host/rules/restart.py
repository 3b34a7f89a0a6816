"""Actions on single containers of a pod, beside the others that go on: made anew, started in their turn, stopped."""

from collections.abc import Sequence
from typing import Final

from agent.model.action import Action, AnyStep, MakeFolders, RemoveContainer, StartContainer
from agent.model.cause import Cause
from agent.model.difference import Difference
from agent.model.files import Folder
from agent.model.observation import ContainerSeen
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod
from agent.planner.host.rules import steps
from agent.planner.host.rules.init_order import Turn, first
from agent.planner.host.rules.stopping import stop, stop_now
from agent.planner.host.view import NOTHING, HostView, Part, Subject, Verdict, asked_for, drift, waits
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import restarts_all

_NEXT: Final = "container's turn"


def restart(
    part: Part,
    view: HostView,
    rule: str,
    cause: Cause,
    differences: tuple[Difference, ...] = (),
    *,
    failed: bool = False,
    grace: int | None = None,
) -> Verdict:
    """Return the action that makes a container anew; older ones of its name go.

    ``failed`` says that it crashed: the next one continues the row of crashes that back-off counts. ``grace`` is how
    long it may take to end, where that is not what the pod says.
    The image is there before the old container stops: an image that can't be pulled must not end what runs.
    """
    ready = steps.pulls((part.container,), view.images)
    if ready.refused:
        return Verdict(waiting=(waits(view, part.subject, "refused", ready.refused),))
    older = _older(part.pod, part.name)
    sandbox = part.pod.sandbox
    started = steps.start(
        part.container,
        sandbox.id,
        part.wanted,
        sandbox.config,
        view,
        before=part.live or next((one for _, one in older), None),
        failed=failed,
        round_=part.pod.round,
    )
    made: tuple[AnyStep, ...] = (
        *((MakeFolders(folders=started.folders),) if started.folders else ()),
        *steps.remounts(part.wanted, view),
        *ready.steps,
        *stop(older, part.pod, part.wanted.grace_period if grace is None else grace),
        *started.steps,
        *(RemoveContainer(container_id=one.id, name=part.name) for _, one in older),
    )
    return _verdict(part, rule, cause, made, differences=differences, images=ready.missing)


def begin(subject: Subject, wanted: RenderedPod, pod: ObservedPod, turn: Turn, view: HostView) -> Verdict:
    """Return the action that starts what is next in a pod, now that what came before has let it pass."""
    ready = steps.pulls(turn.next, view.images)
    if ready.refused:
        return Verdict(waiting=(waits(view, subject, "refused", ready.refused),))
    started = [_started(one, wanted, pod, view, pod.round) for one in turn.next]
    folders = _folders(started)
    names = tuple(one.config.name for one in turn.next)
    kind = "containers" if turn.next[0].role == "main" else "initContainers"
    action = Action(
        id=f"start {subject.key} {' '.join(names)}",
        verb="start",
        pod=subject.key,
        uid=wanted.uid,
        rule=_NEXT,
        cause=_turn_has_come(subject, view, f"{kind}[{names[0]}]"),
        consequence="create",
        steps=(
            *((MakeFolders(folders=folders),) if folders else ()),
            *steps.remounts(wanted, view),
            *ready.steps,
            *(step for made in started for step in made.steps),
            *_removed(pod, names),
        ),
        containers=names,
        images=ready.missing,
    )
    return Verdict(actions=(action,))


def begin_again(
    subject: Subject, wanted: RenderedPod, pod: ObservedPod, view: HostView, *, rule: str, cause: Cause
) -> Verdict:
    """Return the action that stops all of a pod, without hooks, and starts what comes first in it, in its sandbox."""
    beginning = first(wanted)
    ready = steps.pulls(beginning, view.images)
    if ready.refused:
        return Verdict(waiting=(waits(view, subject, "refused", ready.refused),))
    started = [_started(one, wanted, pod, view, pod.round + 1) for one in beginning]
    names = tuple(one.config.name for one in beginning)
    action = Action(
        id=f"restart {subject.key}",
        verb="restart",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=cause,
        consequence="restart",
        steps=(
            *((MakeFolders(folders=folders),) if (folders := _folders(started)) else ()),
            *steps.remounts(wanted, view),
            *ready.steps,
            *stop_now(pod, wanted.grace_period),
            *(step for made in started for step in made.steps),
            *_removed(pod, names),
        ),
        containers=names,
        images=ready.missing,
    )
    return Verdict(actions=(action,))


def _started(
    container: RenderedContainer, wanted: RenderedPod, pod: ObservedPod, view: HostView, round_: int
) -> steps.Made:
    """Return what starts a container whose turn has come, after the one of its name in the round before."""
    sandbox = pod.sandbox
    before = next((one for _, one in _older(pod, container.config.name)), None)
    failed = before is not None and before.state == "exited" and restarts_all(before.config, before.exit_code)
    return steps.start(container, sandbox.id, wanted, sandbox.config, view, before=before, failed=failed, round_=round_)


def _older(pod: ObservedPod, name: str) -> list[tuple[str, ContainerSeen]]:
    return [(name, one) for one in (*pod.containers.get(name, ()), *pod.past.get(name, ()))]


def _removed(pod: ObservedPod, names: tuple[str, ...]) -> list[RemoveContainer]:
    return [RemoveContainer(container_id=one.id, name=name) for name in names for _, one in _older(pod, name)]


def _folders(started: Sequence[steps.Made]) -> tuple[Folder, ...]:
    return tuple(folder for made in started for folder in made.folders)


def _turn_has_come(subject: Subject, view: HostView, which: str) -> Cause:
    what = "its turn has come: what starts before it in the pod has"
    if subject.desired is None:
        return drift(view, _NEXT, what)
    return asked_for(view, subject.desired, path=f"{subject.desired.spec_path}.{which}", summary=what)


def halt(
    subject: Subject, pod: ObservedPod, rule: str, cause: Cause, *, grace: int, names: tuple[str, ...] = ()
) -> Verdict:
    """Return the action that stops what runs of a pod, or only some containers of it; all is well when nothing does."""
    chosen = [(name, one) for name, found in pod.containers.items() if not names or name in names for one in found]
    stopping = stop(chosen, pod, grace)
    if not stopping:
        return NOTHING
    stopped = tuple(dict.fromkeys(one.name for step in stopping for one in step.containers))
    action = Action(
        id=f"stop {subject.key}" + (f" {' '.join(names)}" if names else ""),
        verb="stop",
        pod=subject.key,
        uid=pod.uid,
        rule=rule,
        cause=cause,
        consequence="stop",
        steps=stopping,
        containers=stopped,
    )
    return Verdict(actions=(action,))


def resume(part: Part, rule: str, cause: Cause) -> Verdict:
    """Return the action that starts a container that exists but never ran."""
    if part.live is None:
        return Verdict()
    sandbox = part.pod.sandbox
    step = StartContainer(
        sandbox_id=sandbox.id,
        sandbox=sandbox.config,
        config=part.live.config,
        container_id=part.live.id,
        post_start=part.container.post_start,
        grace=part.wanted.grace_period,
    )
    return _verdict(part, rule, cause, (step,))


def _verdict(
    part: Part,
    rule: str,
    cause: Cause,
    made: tuple[AnyStep, ...],
    *,
    differences: tuple[Difference, ...] = (),
    images: tuple[str, ...] = (),
) -> Verdict:
    action = Action(
        id=f"restart {part.subject.key} {part.name}",
        verb="restart",
        pod=part.subject.key,
        uid=part.pod.uid,
        rule=rule,
        cause=cause,
        consequence="restart",
        steps=made,
        differences=differences,
        containers=(part.name,),
        images=images,
    )
    return Verdict(actions=(action,))
