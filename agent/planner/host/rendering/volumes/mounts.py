"""Where containers see the volumes of their pod."""

import re
from collections.abc import Mapping
from typing import Final, Literal

from agent.model.cri import Mount
from agent.model.desired import DesiredPod
from agent.model.objects.pod import Container, Volume, VolumeMount
from agent.model.value import Sensitive, Text, reveal
from agent.planner.host.rendering.machine import Machine
from agent.planner.host.rendering.refusal import Refusal
from agent.planner.host.rendering.volumes.entries import inside
from agent.planner.host.rendering.volumes.places import only_read, volume_path
from agent.planner.host.rendering.volumes.setting import Setting

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\(([^)]*)\))")
_PROPAGATION: Final[Mapping[str, Literal["private", "host-to-container", "bidirectional"]]] = {
    "None": "private",
    "HostToContainer": "host-to-container",
    "Bidirectional": "bidirectional",
}


def container_mounts(
    container: Container, desired: DesiredPod, uid: str, env: Mapping[str, Text], on: Machine
) -> tuple[Mount, ...]:
    """Return a container's mounts, parents before what is mounted inside them. Raises Refusal.

    ``env`` is its environment, which ``subPathExpr`` may use.
    """
    volumes = {volume.name: volume for volume in desired.spec.volumes}
    setting = Setting(desired=desired, uid=uid, on=on)
    mounts = []
    for mount in container.volume_mounts:
        volume = volumes.get(mount.name)
        if volume is None:
            raise Refusal(f"container {container.name} mounts volume {mount.name}, which the pod does not have")
        mounts.append(_mount(mount, volume, setting, env))
    return tuple(sorted(mounts))


def _mount(mount: VolumeMount, volume: Volume, setting: Setting, env: Mapping[str, Text]) -> Mount:
    sub_path = _sub_path(mount, env)
    if volume.image is not None:
        if sub_path:
            raise Refusal(f"subPath of {mount.mount_path}: an image volume can only be mounted whole")
        return Mount(container_path=mount.mount_path, host_path="", readonly=True, image=volume.image.reference)
    root = volume_path(volume, setting.desired, setting.uid)
    return Mount(
        container_path=mount.mount_path,
        host_path=f"{root.rstrip('/')}/{sub_path}" if sub_path else root,
        readonly=mount.read_only or only_read(volume),
        propagation=_PROPAGATION[mount.mount_propagation],
        recursive_read_only=_recursive(mount, volume, setting.on),
        volume=root if sub_path else "",
    )


def _sub_path(mount: VolumeMount, env: Mapping[str, Text]) -> str:
    """Return the path in the volume that is mounted, empty for its root."""
    place = f"{'subPathExpr' if mount.sub_path_expr else 'subPath'} of {mount.mount_path}"
    path = _expand(mount.sub_path_expr, env, place) if mount.sub_path_expr else mount.sub_path
    return "" if path in {"", ".", "./"} else inside(path, place)


def _expand(text: str, env: Mapping[str, Text], place: str) -> str:
    """Replace ``$(NAME)``: unlike in a command, a variable that is not there is an error."""

    def replacement(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        value = env.get(match[2])
        if value is None:
            raise Refusal(f"{place}: the container has no variable {match[2]}")
        if isinstance(value, Sensitive):
            raise Refusal(f"{place}: variable {match[2]} comes from a Secret, and paths are shown to everybody")
        if "\0" in reveal(value):
            raise Refusal(f"{place}: variable {match[2]} holds an address that is not known before the pod runs")
        return value

    return _REFERENCE.sub(replacement, text)


def _recursive(mount: VolumeMount, volume: Volume, on: Machine) -> bool:
    """Tell whether mounts inside the volume are read-only, too. Raises Refusal where they must be and cannot."""
    if mount.recursive_read_only == "Disabled":
        return False
    able = "recursive-read-only" in on.features
    if mount.recursive_read_only == "Enabled":
        if not mount.read_only or mount.mount_propagation != "None":
            raise Refusal(
                f"recursiveReadOnly of {mount.mount_path}, volume {volume.name}: needs readOnly and no mountPropagation"
            )
        if not able:
            needs = "containerd 2.0 or newer on the host, and a runtime that can"
            raise Refusal(f"recursiveReadOnly of {mount.mount_path}: needs {needs}")
    return able and mount.read_only and mount.mount_propagation == "None"
