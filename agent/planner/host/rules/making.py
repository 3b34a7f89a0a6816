"""Actions that make a whole pod: for the first time, or in place of what is there."""

from msgspec.structs import replace

from agent.model.action import Action, Verb
from agent.model.cause import Cause
from agent.model.difference import Difference
from agent.model.plan import FingerprintKey
from agent.planner.host.comparing.compare import Comparison
from agent.planner.host.rendering.rendered import RenderedPod
from agent.planner.host.rules import steps
from agent.planner.host.rules.init_order import first
from agent.planner.host.view import HostView, Subject, Verdict, waits
from agent.planner.memo import remembered
from agent.planner.pods import ObservedPod


def make(subject: Subject, view: HostView, rule: str, cause: Cause, *, afresh: bool = False) -> Verdict:
    """Return the action that makes a pod, or what it waits for; ``afresh`` without the files of what was there."""
    wanted, before, facts = subject.wanted, subject.observed, view.seen.facts
    if wanted is None:
        return Verdict()
    if not facts.network_ready and not wanted.sandbox.host_network:
        message = f"the host's pod network is not ready: {facts.message or 'containerd found no CNI configuration'}"
        return Verdict(waiting=(waits(view, subject, "runtime", message),))
    beginning = first(wanted)
    later = [one for one in (*wanted.init, *wanted.containers) if one not in beginning]
    ready = steps.pulls(beginning, view.images, later)
    if ready.refused:
        return Verdict(waiting=(waits(view, subject, "refused", ready.refused),))
    verb: Verb = "create" if before is None else "replace"
    action = Action(
        id=f"{verb} {subject.key}",
        verb=verb,
        pod=subject.key,
        uid=wanted.uid,
        rule=rule,
        cause=cause,
        consequence="create" if before is None else "recreate",
        steps=steps.bring_up(wanted, view, before, ready, afresh=afresh),
        differences=differences(subject, view.key),
        images=ready.missing,
    )
    return Verdict(actions=(action,))


def take_away(action: Action, subject: Subject) -> Action:
    """Return the first half of a replacement: the pod is taken down now, and made in a later plan."""
    before, wanted = subject.observed, subject.wanted
    return replace(
        action,
        id=f"remove {subject.key}",
        verb="remove",
        consequence="remove",
        steps=steps.take_down(before, wanted) if before else (),
        images=(),
        after=(),
    )


def differences(subject: Subject, key: FingerprintKey) -> tuple[Difference, ...]:
    """Return the fields in which a whole pod differs from what is there; all that are set when nothing is."""
    wanted, desired, before = subject.wanted, subject.desired, subject.observed
    if wanted is None or desired is None:
        return ()
    compare = Comparison(spec_path=desired.spec_path, key=key, spec=desired.spec)
    return _fields(wanted, compare, before)


@remembered
def _fields(wanted: RenderedPod, compare: Comparison, before: ObservedPod | None) -> tuple[Difference, ...]:
    live = before.current if before else {}
    every = (*wanted.init, *wanted.containers)
    names = {container.config.name for container in every}
    return (
        *compare.sandbox(wanted.sandbox, before.sandbox.config if before else None),
        *(
            difference
            for container in every
            for difference in compare.container(
                container.config,
                live[container.config.name].config if container.config.name in live else None,
            )
        ),
        *(
            Difference(path=f"{compare.spec_path}.containers[{name}]", live=found.config.image, desired=None)
            for name, found in live.items()
            if name not in names
        ),
    )


def summary(found: tuple[Difference, ...]) -> str:
    """Return in words what changed."""
    if not found:
        return "the pod changed"
    _, inside, field = found[0].path.partition("].")
    field = field if inside else found[0].path.rpartition(".")[2]
    more = len(found) - 1
    return f"{field} changed" if not more else f"{field} and {more} more field{'s' if more > 1 else ''} changed"
