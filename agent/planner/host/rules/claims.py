"""Volumes of claims on a host: made where they are missing, removed once they were let go of, never replaced."""

from collections.abc import Iterator

from agent.model.action import Action, AnyStep, MakeVolume, RemoveVolume
from agent.model.cause import Cause
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.observation import Seen
from agent.model.plan import HostInput, Waiting
from agent.model.volumes import VolumeMark, VolumeSeen, is_volume_path
from agent.planner.host.view import Subject, Verdict


def claim_verdicts(given: HostInput, seen: Seen) -> Iterator[tuple[Subject, Verdict]]:
    """Yield what is to be done about volumes, and about which; what is as it should be is not mentioned."""
    desired = given.desired
    if not desired.volumes and not desired.released:
        return
    there = {_identity(one.mark): one for one in seen.volumes}
    for held in desired.volumes:
        found = there.get(_identity(held.mark))
        if found is None:
            step = MakeVolume(mark=held.mark, marks_only=held.seen)
            yield _about(held.mark), _action("create", held.mark, held.cause, step)
        elif not found.present:
            yield _about(held.mark), _missing(given, found)
    for released in desired.released:
        found = there.get(_identity(released.mark))
        if found is None:
            continue
        if user := in_use(found.mark.path, seen):
            yield _about(found.mark), _used(given, found, user)
        else:
            yield _about(found.mark), _action("remove", found.mark, released.cause, RemoveVolume(mark=found.mark))


def in_use(path: str, seen: Seen) -> str:
    """Return the name of a container that has a folder, or something below it, mounted; empty when none has."""
    below = f"{path}/"
    for container in seen.containers:
        if any(f"{mount.host_path}/".startswith(below) for mount in container.config.mounts):
            return container.config.name or container.id
    return ""


def _identity(mark: VolumeMark) -> tuple[str, ...]:
    return mark.path, mark.agent, mark.namespace, mark.claim, mark.uid


def _about(mark: VolumeMark) -> Subject:
    # No pod can be called like this, so that a failure here holds back no pod.
    return Subject(key=PodKey.of_volume(mark.namespace, mark.claim))


def _action(verb: str, mark: VolumeMark, cause: Cause, step: AnyStep) -> Verdict:
    made = verb == "create"
    action = Action(
        id=f"{verb} volume {mark.namespace}/{mark.claim}",
        verb="create" if made else "remove",
        pod=_about(mark).key,
        uid=mark.uid,
        rule="volume missing" if made else "volume released",
        cause=cause,
        consequence="create" if made else "remove",
        steps=(step,),
    )
    return Verdict(actions=(action,))


def _missing(given: HostInput, found: VolumeSeen) -> Verdict:
    mark, host = found.mark, given.desired.host
    message = (
        f"the data of claim {mark.namespace}/{mark.claim} is missing: {mark.path} is not on {host}; "
        "is its disk mounted? To begin anew, remove the claim and declare it again"
    )
    return Verdict(waiting=(_waits(given, mark, message),))


def _used(given: HostInput, found: VolumeSeen, user: str) -> Verdict:
    mark = found.mark
    message = f"the data of claim {mark.namespace}/{mark.claim} is not removed while container {user} has it mounted"
    return Verdict(waiting=(_waits(given, mark, message),))


def _waits(given: HostInput, mark: VolumeMark, message: str) -> Waiting:
    key = ObjectKey(kind="PersistentVolumeClaim", namespace=mark.namespace, name=mark.claim)
    return Waiting(reason="runtime", message=message, object=key, host=given.desired.host)


def lint_volume(step: MakeVolume | RemoveVolume, given: HostInput, seen: Seen) -> Iterator[str]:
    """Yield what is wrong with a step on a volume: it must be asked for, be ours, and be used by nobody."""
    mark, desired = step.mark, given.desired
    name = f"volume {mark.path}"
    if mark.agent != desired.agent or not is_volume_path(mark):
        yield f"{name} is not one of ours"
    if isinstance(step, MakeVolume):
        if all(_identity(held.mark) != _identity(mark) for held in desired.volumes):
            yield f"{name} is made though nobody asks for it"
        return
    if all(_identity(one.mark) != _identity(mark) for one in desired.released):
        yield f"{name} is removed though nobody let go of it"
    if all(one.mark != mark for one in seen.volumes):
        yield f"{name} is removed though its mark was not seen"
    claimed = {claim.path for pod in desired.pods for claim in pod.claims.values()}
    if mark.path in claimed or in_use(mark.path, seen):
        yield f"{name} is removed while a pod uses it"
