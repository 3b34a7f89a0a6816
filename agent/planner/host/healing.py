"""Pods that stay although their manifest is gone: what they are made from is read back from what runs."""

from collections.abc import Mapping

from msgspec.structs import replace

from agent.model.files import Folder
from agent.model.labels import RESTART_STREAK, REVISION, SECRETS_DIR
from agent.model.observation import ContainerSeen
from agent.planner.host import identity
from agent.planner.host.render import RenderedContainer, RenderedPod
from agent.planner.host.view import HostView
from agent.planner.pods import ObservedPod


def as_it_was(pod: ObservedPod, view: HostView) -> RenderedPod:
    """Return a kept pod as if it were desired exactly as it is. Nothing of it can differ; it can only have died."""
    uid = pod.uid
    in_memory = f"{SECRETS_DIR}/{uid}/volumes/secret/"
    mounts = [mount for container in pod.current.values() for mount in container.config.mounts]
    lost = any(
        "/".join(mount.host_path.split("/")[:8]) not in view.files
        for mount in mounts
        if mount.host_path.startswith(in_memory)
    )
    folders = {
        mount.host_path: Folder(path=mount.host_path, mode=0o777)
        for mount in mounts
        if mount.host_path.startswith(f"{identity.secret_folder(uid)}/volumes/empty-dir/")
    }
    return RenderedPod(
        key=pod.key,
        uid=uid,
        sandbox=replace(pod.sandbox.config, annotations=_without_books(pod.sandbox.config.annotations)),
        grace_period=pod.grace_period,
        restart_policy=pod.restart_policy,
        containers=tuple(_container(container) for container in pod.current.values()),
        folders=(
            Folder(path=identity.log_directory(pod.key, uid)),
            Folder(path=identity.pod_folder(uid)),
            *(folders[path] for path in sorted(folders)),
        ),
        refused="the host lost its Secret files, and the manifest that they came from is gone" if lost else "",
    )


def _container(container: ContainerSeen) -> RenderedContainer:
    config = replace(container.config, annotations=_without_books(container.config.annotations))
    return RenderedContainer(config=config, pull="IfNotPresent")


def _without_books(annotations: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in annotations.items() if name not in {REVISION, RESTART_STREAK}}
