"""Actions that start one container of a pod anew, beside the others that go on."""

from agent.model.action import Action, AnyStep, MakeFolders, RemoveContainer, StartContainer
from agent.model.cause import Cause
from agent.model.difference import Difference
from agent.planner.backoff import streak
from agent.planner.host import steps
from agent.planner.host.view import HostView, Part, Verdict, waits


def restart(
    part: Part,
    view: HostView,
    rule: str,
    cause: Cause,
    differences: tuple[Difference, ...] = (),
    *,
    failed: bool = False,
) -> Verdict:
    """Return the action that makes a container anew; older ones of its name go.

    ``failed`` says that it crashed: the next one continues the row of crashes that back-off counts.
    The image is there before the old container stops: an image that can't be pulled must not end what runs.
    """
    ready = steps.pulls((part.container,), view.images)
    if ready.refused:
        return Verdict(waiting=(waits(view, part.subject, "refused", ready.refused),))
    older = part.pod.containers.get(part.name, ())
    grace = part.wanted.grace_period
    live = part.live
    made: tuple[AnyStep, ...] = (
        *((MakeFolders(folders=part.container.folders),) if part.container.folders else ()),
        *ready.steps,
        *(step for one in older for step in steps.stop(one, part.name, grace)),
        steps.start(
            part.container,
            part.pod.sandbox.id,
            part.pod.sandbox.config,
            view,
            attempt=live.config.attempt + 1 if live else 0,
            crashes=streak(live) + 1 if live and failed else 0,
        ),
        *(RemoveContainer(container_id=one.id, name=part.name) for one in older),
    )
    return _verdict(part, rule, cause, made, differences=differences, images=ready.missing)


def resume(part: Part, rule: str, cause: Cause) -> Verdict:
    """Return the action that starts a container that exists but never ran."""
    if part.live is None:
        return Verdict()
    sandbox = part.pod.sandbox
    step = StartContainer(
        sandbox_id=sandbox.id, sandbox=sandbox.config, config=part.live.config, container_id=part.live.id
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
