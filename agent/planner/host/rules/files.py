"""The action that brings a pod's files to what they should be, in place."""

from agent.model.action import Action, WriteFiles
from agent.model.cause import Cause
from agent.model.desired import DesiredPod
from agent.planner.host.comparing.filetree import as_desired, changed_file, departures, untouched, what_drifted
from agent.planner.host.rendering.volumes import ProjectedVolume
from agent.planner.host.view import HostView, Subject, asked_for, configured, drift

_DRIFTED = "file drifted"
_CHANGED = "config changed"


def update_files(subject: Subject, view: HostView) -> tuple[Action, ...]:
    """Return the action that writes the volumes that are not as desired; none when all are.

    An older version that nobody touched is a change in git; anything else is drift.
    """
    wanted, desired = subject.wanted, subject.desired
    if wanted is None or desired is None or not wanted.volumes:
        return ()
    wrong = [volume for volume in wanted.volumes if not as_desired(volume, view.files)]
    if not wrong:
        return ()
    drifted = [volume for volume in wrong if not untouched(volume, view.files, view.key)]
    cause: Cause
    if drifted:
        cause = drift(view, _DRIFTED, what_drifted(drifted[0], view.files))
    else:
        cause = _who_asked(desired, view, wrong[0])
    action = Action(
        id=f"update {subject.key}",
        verb="update",
        pod=subject.key,
        uid=wanted.uid,
        rule=_DRIFTED if drifted else _CHANGED,
        cause=cause,
        consequence="in place",
        steps=(WriteFiles(trees=tuple(volume.tree for volume in wrong)),),
        differences=tuple(
            difference
            for volume in wrong
            for difference in departures(
                volume, view.files, f"{desired.spec_path}.volumes[{volume.volume}].{volume.field}", view.key
            )
        ),
    )
    return (action,)


def _who_asked(desired: DesiredPod, view: HostView, volume: ProjectedVolume) -> Cause:
    path = changed_file(volume, view.files)
    place = f"{desired.spec_path}.volumes[{volume.volume}].{volume.field}"
    if path is None:
        return asked_for(view, desired, path=place, summary=f"modes in volume {volume.volume} changed")
    entry = volume.entries.get(path)
    source = entry.source if entry is not None else volume.only_source
    if source is not None:
        name = entry.name if entry is not None else path
        return configured(view, desired, source, name, f"{source.kind} {source.name} key {name} changed")
    if entry is None:
        return asked_for(view, desired, path=place, summary=f"file {path} of volume {volume.volume} went")
    return asked_for(view, desired, path=entry.name, summary=f"{entry.name} changed")
