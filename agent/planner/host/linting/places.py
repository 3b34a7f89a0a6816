"""Checks of where steps write, mount and remove: in the folders, the volumes and the cgroup of their own pod."""

import posixpath
from collections.abc import Iterable, Iterator

from agent.model.action import (
    Action,
    AnyStep,
    ForgetAttempt,
    MakeFolders,
    MountFilesystems,
    OwnVolumes,
    SetCgroup,
    WriteEtcHosts,
    WriteFiles,
)
from agent.model.files import FileTree
from agent.model.plan import HostInput
from agent.planner.host import identity
from agent.planner.host.rules.steps import own_cgroup


def lint_places(step: AnyStep, action: Action, given: HostInput) -> Iterator[str]:
    """Yield what a step would touch that is not its pod's."""
    pod_folder, secret_folder = identity.pod_folder(action.uid), identity.secret_folder(action.uid)
    match step:
        case SetCgroup(cgroup=cgroup):
            if not own_cgroup(cgroup.parent, action.uid):
                yield f"{cgroup.parent} is not the cgroup of this pod"
        case WriteEtcHosts(path=path):
            if path != identity.etc_hosts_path(action.uid):
                yield f"{path} is not the hosts file of this pod"
        case ForgetAttempt(log=log, message=message):
            logs = identity.log_directory(action.pod, action.uid)
            yield from _outside([log], logs)
            yield from _outside([message], identity.message_folder(action.uid).rstrip("/"))
        case MountFilesystems(mounts=mounts):
            yield from _outside([one.path for one in mounts], pod_folder)
        case OwnVolumes(volumes=volumes):
            paths = [one.path for one in volumes if one.path not in _claimed(action, given)]
            yield from _outside(paths, pod_folder, secret_folder)
        case WriteFiles(trees=trees):
            yield from _outside([tree.root for tree in trees], pod_folder, secret_folder)
            yield from _leaving(trees)
        case MakeFolders(folders=folders):
            allowed = _named(action, given)
            paths = [folder.path for folder in folders if folder.path not in allowed]
            yield from _outside(paths, pod_folder, secret_folder, *sorted(_claimed(action, given)))


def _outside(paths: list[str], *folders: str) -> Iterator[str]:
    for path in paths:
        if not (_plain(path) and path.startswith(tuple(f"{folder}/" for folder in folders))):
            yield f"{path} is outside the folders of this pod"


def _leaving(trees: Iterable[FileTree]) -> Iterator[str]:
    for tree in trees:
        for file in tree.files:
            if file.path.startswith(("/", "..")) or not _plain(f"/{file.path}"):
                yield f"{file.path!r} would leave {tree.root}"


def _claimed(action: Action, given: HostInput) -> set[str]:
    """Return the folders behind the claims of a pod."""
    claims = (claim for pod in given.desired.pods if pod.key == action.pod for claim in pod.claims.values())
    return {claim.path for claim in claims if not claim.server}


def _named(action: Action, given: HostInput) -> set[str]:
    """Return the very folders that a pod may ask for: its own, its logs', its claims', and those that git names."""
    volumes = (volume for pod in given.desired.pods if pod.key == action.pod for volume in pod.spec.volumes)
    return {
        identity.pod_folder(action.uid),
        identity.log_directory(action.pod, action.uid),
        *_claimed(action, given),
        *(volume.host_path.path for volume in volumes if volume.host_path is not None),
    }


def _plain(path: str) -> bool:
    return path.startswith("/") and posixpath.normpath(path) == path and "\0" not in path
