"""Pods that stay although their manifest is gone, or is another one: what runs tells what they are made from."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from agent.model.files import Folder
from agent.model.labels import (
    INIT_CONTAINERS,
    LAST_TERMINATION,
    POST_START,
    RESTART_STREAK,
    RESTARTS_ASKED,
    REVISION,
    ROUND,
    SECRETS_DIR,
)
from agent.model.observation import ContainerSeen
from agent.planner.host import identity
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod
from agent.planner.host.rules.stopping import hook_of
from agent.planner.host.view import HostView
from agent.planner.pods import ObservedPod
from agent.planner.restartpolicy import place_of, role_of

_BOOKS: Final = frozenset({REVISION, RESTART_STREAK, RESTARTS_ASKED, ROUND, LAST_TERMINATION})
_LOST_SECRETS: Final = "the host lost its Secret files, and the manifest that they came from is gone"
_LOST_INIT: Final = "its manifest is gone, and not all of its init containers are there to be run again"


def as_it_was(pod: ObservedPod, view: HostView) -> RenderedPod:
    """Return a kept pod as if it were desired exactly as it is. Nothing of it can differ; it can only have died."""
    uid = pod.uid
    in_memory = tuple(f"{SECRETS_DIR}/{uid}/volumes/{kind}/" for kind in ("secret", "projected"))
    mounts = [mount for container in pod.current.values() for mount in container.config.mounts]
    lost = any(
        "/".join(mount.host_path.split("/")[:8]) not in view.files
        for mount in mounts
        if mount.host_path.startswith(in_memory)
    )
    folders = {
        mount.volume or mount.host_path: Folder(path=mount.volume or mount.host_path, mode=0o777)
        for mount in mounts
        if mount.host_path.startswith(f"{identity.secret_folder(uid)}/volumes/empty-dir/")
    }
    return RenderedPod(
        key=pod.key,
        uid=uid,
        sandbox=replace(pod.sandbox.config, annotations=_without_books(pod.sandbox.config.annotations)),
        grace_period=pod.grace_period,
        restart_policy=pod.restart_policy,
        init=_init(pod),
        containers=tuple(_container(pod.current[name]) for name in pod.main),
        folders=(
            Folder(path=identity.log_directory(pod.key, uid)),
            Folder(path=identity.pod_folder(uid)),
            *(folders[path] for path in sorted(folders)),
        ),
        refused=_LOST_SECRETS if lost else _unknown_init(pod),
    )


def completed(wanted: RenderedPod, pod: ObservedPod) -> RenderedPod:
    """Return a pod of an older template so that only what it lacks is made: what is there is wanted as it is.

    What its template refers to may have changed since, which is no reason to restart anything of it.
    """

    def there(containers: tuple[RenderedContainer, ...]) -> tuple[RenderedContainer, ...]:
        found = ((one, pod.current.get(one.config.name)) for one in containers)
        return tuple(replace(one, config=_container(seen).config) if seen else one for one, seen in found)

    sandbox = replace(pod.sandbox.config, annotations=_without_books(pod.sandbox.config.annotations))
    return replace(wanted, sandbox=sandbox, init=there(wanted.init), containers=there(wanted.containers))


def _init(pod: ObservedPod) -> tuple[RenderedContainer, ...]:
    """Return the init containers and sidecars that are there, in their order."""
    newest = [one for one in pod.current.values() if role_of(one.config) != "main"]
    return tuple(_container(one) for one in sorted(newest, key=lambda one: place_of(one.config)))


def _unknown_init(pod: ObservedPod) -> str:
    """Return why a pod cannot be made again: what has to run first in a new sandbox is not known any more."""
    asked = pod.sandbox.config.annotations.get(INIT_CONTAINERS, "")
    if pod.sandbox.ready or not (asked.isascii() and asked.isdigit()):
        return ""
    return _LOST_INIT if str(len(_init(pod))) != asked or not pod.main else ""


def _container(container: ContainerSeen) -> RenderedContainer:
    config = replace(container.config, annotations=_without_books(container.config.annotations))
    return RenderedContainer(
        config=config,
        pull="IfNotPresent",
        role=role_of(config),
        post_start=hook_of(container, POST_START),
    )


def _without_books(annotations: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in annotations.items() if name not in _BOOKS}
