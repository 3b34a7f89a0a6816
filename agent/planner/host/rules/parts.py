"""Classification of a pod whose sandbox is fine: what is the matter with its files and containers.

As for whole pods, one ordered table, the first rule that matches decides; here it is asked for each container.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.model.cause import Commit
from agent.model.difference import Difference
from agent.planner.backoff import delay, restart_at, streak
from agent.planner.host import texts
from agent.planner.host.comparing.alike import alike
from agent.planner.host.comparing.compare import Comparison
from agent.planner.host.images import moved
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod
from agent.planner.host.rules.etc_hosts import update_etc_hosts
from agent.planner.host.rules.files import update_files
from agent.planner.host.rules.init_order import Turn, whose_turn
from agent.planner.host.rules.making import differences, make, summary
from agent.planner.host.rules.resize import resize
from agent.planner.host.rules.restart import begin, begin_again, halt, restart, resume
from agent.planner.host.rules.strays import clean, tidy
from agent.planner.host.view import NOTHING, HostView, Part, Subject, Verdict, asked_for, configured, drift, waits
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import comes_back, restarts_all

_KILLED: Final = 137
_OVER: Final = "pod over"
_AGAIN: Final = "all containers start anew"
_INIT: Final = "init container changed"


class ContainerRule(NamedTuple):
    """One row of the table. ``check`` returns None when the rule does not match."""

    name: str
    check: Callable[[Part, HostView, str], Verdict | None]


def classify_parts(subject: Subject, view: HostView) -> Verdict:
    """Return what the files and containers of a pod need, each by itself."""
    wanted, pod = subject.wanted, subject.observed
    if wanted is None or pod is None:
        return NOTHING
    if (again := _all_again(subject, wanted, pod, view)) is not None:
        return again
    turn = whose_turn(wanted, pod)
    if (redone := _init_changed(subject, pod, turn, view)) is not None:
        return redone
    files = (*update_files(subject, view), *update_etc_hosts(subject, view))
    found = [_container(subject, wanted, pod, container, view) for container in turn.active]
    if turn.next:
        found.append(begin(subject, wanted, pod, turn, view))
    if turn.over:
        found.append(_over(subject, wanted, pod, view))
    if not files and found.count(NOTHING) == len(found) and tidy(pod, wanted):
        return NOTHING
    restarted = tuple(action for verdict in found for action in verdict.actions)
    # A container that restarts because its ConfigMap changed should find the new files.
    after = tuple(action.id for action in files)
    handled = {name for action in restarted for name in action.containers}
    return Verdict(
        actions=(
            *files,
            *(replace(action, after=after) if after else action for action in restarted),
            *clean(subject, view, handled),
        ),
        waiting=tuple(entry for verdict in found for entry in verdict.waiting),
    )


def _all_again(subject: Subject, wanted: RenderedPod, pod: ObservedPod, view: HostView) -> Verdict | None:
    """Match a pod of which one container ended in a way that all are to start anew for; back-off counts as for one."""
    for name, one in pod.current.items():
        if one.state != "exited" or not restarts_all(one.config, one.exit_code):
            continue
        if restart_at(one, view.now, view.seen.facts.clock_skew) <= view.now:
            what = f"container {name} {texts.how_it_ended(one.exit_code, one.reason)}, and all start anew for that"
            return begin_again(subject, wanted, pod, view, rule=_AGAIN, cause=drift(view, _AGAIN, what))
    return None


def _over(subject: Subject, wanted: RenderedPod, pod: ObservedPod, view: HostView) -> Verdict:
    """Return what stops the sidecars of a pod that ran to its end."""
    what = "all that the sidecars were for has ended"
    return halt(subject, pod, _OVER, drift(view, _OVER, what), grace=wanted.grace_period)


def _init_changed(subject: Subject, pod: ObservedPod, turn: Turn, view: HostView) -> Verdict | None:
    """Return what makes a pod anew whose init containers did their work as another configuration: it rests on that."""
    if subject.desired is None or all(
        one.config.name not in pod.containers or alike(one.config, pod.containers[one.config.name][0].config)
        for one in turn.done
    ):
        return None
    found = differences(subject, view.key)
    path = found[0].path if found else subject.desired.spec_path
    return make(subject, view, _INIT, asked_for(view, subject.desired, path=path, summary=summary(found)))


def _container(
    subject: Subject, wanted: RenderedPod, pod: ObservedPod, container: RenderedContainer, view: HostView
) -> Verdict:
    found = pod.containers.get(container.config.name)
    part = Part(subject=subject, wanted=wanted, pod=pod, container=container, live=found[0] if found else None)
    for rule in CONTAINER_RULES:
        verdict = rule.check(part, view, rule.name)
        if verdict is not None:
            return verdict
    return NOTHING


def _running(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match what is nearly always so: it runs, as desired. First, because it is asked in every pass."""
    del rule
    live = part.live
    if live is None or live.state != "running" or not alike(part.container.config, live.config):
        return None
    if live.id in part.pod.health and part.pod.health[live.id].failed:
        return None
    if part.container.pull == "Always" and part.container.role != "init" and moved(live, view.images) is not None:
        return None
    return NOTHING


def _absent(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container that is not there."""
    if part.live is not None:
        return None
    return restart(part, view, rule, drift(view, rule, f"container {part.name} is not there"))


def _probe_failed(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container that runs, and that its probes gave up: it is stopped, and starts anew as after a crash."""
    live = part.live
    health = part.pod.health.get(live.id) if live is not None else None
    if live is None or live.state != "running" or health is None or not health.failed:
        return None
    what = texts.cut(health.message) or f"{health.failed} probe failed"
    cause = drift(view, rule, f"container {part.name}: {what}", seen_at=health.since)
    grace = part.wanted.grace_period if health.grace is None else health.grace
    host_now = view.now + view.seen.facts.clock_skew
    again = comes_back(part.container.config, _KILLED, part.wanted.restart_policy)
    if not again or delay(streak(live, host_now)):
        return halt(part.subject, part.pod, rule, cause, grace=grace, names=(part.name,))
    return restart(part, view, rule, cause, failed=True, grace=grace)


def _changed(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container made from another configuration. It starts anew at once, whatever it waited for."""
    desired, live = part.subject.desired, part.live
    if desired is None or live is None or alike(part.container.config, live.config):
        return None
    compare = Comparison(spec_path=desired.spec_path, key=view.key, spec=desired.spec)
    found = compare.container(part.container.config, live.config)
    return restart(part, view, rule, _who_asked(part, view, found), found)


def _who_asked(part: Part, view: HostView, found: tuple[Difference, ...]) -> Commit:
    """Return the cause of a change: a ConfigMap or Secret where only values taken from it differ."""
    assert part.subject.desired is not None  # noqa: S101 -- only a declared pod can differ from its declaration
    variables = [path.partition(".env[")[2].removesuffix("]") for path in (one.path for one in found)]
    sources = {part.container.sources.get(name) for name in variables}
    source = min((one for one in sources if one is not None), default=None)
    if source is not None and None not in sources and all(one.live is not None for one in found):
        entry = f"{source[0].kind} {source[0].name} key {source[1]} changed"
        return configured(view, part.subject.desired, source[0], source[1], entry)
    path = found[0].path if found else part.subject.desired.spec_path
    return asked_for(view, part.subject.desired, path=path, summary=summary(found))


def _not_started(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container that was made but never started: the agent or containerd ended in between."""
    if part.live is None or part.live.state != "created":
        return None
    return resume(part, rule, drift(view, rule, f"container {part.name} was created but never started"))


def _completed(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container that ended and is not to be started again."""
    del view, rule
    live = part.live
    over = (
        live is not None
        and live.state == "exited"
        and not comes_back(part.container.config, live.exit_code, part.wanted.restart_policy)
    )
    return NOTHING if over else None


def _backs_off(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container that crashed again and again: it waits longer each time."""
    del rule
    live = part.live
    if live is None or live.state != "exited":
        return None
    until = restart_at(live, view.now, view.seen.facts.clock_skew)
    if until <= view.now:
        return None
    words = live.message or live.last_lines
    said = f": {texts.last_words(words)}" if words else ""
    message = (
        f"container {part.name}: CrashLoopBackOff, exit code {live.exit_code}, "
        f"restart {live.config.attempt + 1} at {texts.clock(until)}{said}"
    )
    return Verdict(waiting=(waits(view, part.subject, "back-off", message, until=until),))


def _exited(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container that ended and should run."""
    live = part.live
    if live is None or live.state != "exited":
        return None
    what = f"container {part.name} {texts.how_it_ended(live.exit_code, live.reason)}"
    seen_at = live.finished_at - view.seen.facts.clock_skew if live.finished_at else 0.0
    return restart(part, view, rule, drift(view, rule, what, seen_at=seen_at), failed=True)


def _lost(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container of which containerd itself does not know what it does."""
    if part.live is None or part.live.state != "unknown":
        return None
    return restart(part, view, rule, drift(view, rule, f"containerd lost track of container {part.name}"), failed=True)


def _image_moved(part: Part, view: HostView, rule: str) -> Verdict | None:
    """Match a container whose tag means another image by now; only with imagePullPolicy Always."""
    live = part.live
    follows = part.container.pull == "Always" and part.container.role != "init"
    image = moved(live, view.images) if live is not None and follows else None
    if live is None or image is None or part.subject.desired is None:
        return None
    name = live.config.image
    newer = min(image.digests, default=image.id).rpartition("@")[2]
    field = "initContainers" if part.container.role == "sidecar" else "containers"
    difference = Difference(
        path=f"{part.subject.desired.spec_path}.{field}[{part.name}].image",
        live=f"{name} ({live.image_ref.rpartition('@')[2]})",
        desired=f"{name} ({newer})",
    )
    cause = drift(view, rule, f"image {texts.cut(name)} is {newer[:19]} now")
    return restart(part, view, rule, cause, (difference,))


CONTAINER_RULES: Final = (
    ContainerRule("container running", _running),
    ContainerRule("probe failed", _probe_failed),
    ContainerRule("container absent", _absent),
    ContainerRule("resources changed", resize),
    ContainerRule("config changed", _changed),
    ContainerRule("container not started", _not_started),
    ContainerRule("container completed", _completed),
    ContainerRule("crash back-off", _backs_off),
    ContainerRule("container exited", _exited),
    ContainerRule("container lost", _lost),
    ContainerRule("image moved", _image_moved),
)
