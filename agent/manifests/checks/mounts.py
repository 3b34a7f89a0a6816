"""Where a container sees the volumes of its pod."""

from collections.abc import Mapping

from agent.manifests.checks.unique import check_unique
from agent.manifests.explain import nearest
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Container, Volume, VolumeMount


def check_mounts(container: Container, volumes: Mapping[str, Volume], at: Steps) -> Findings:
    """Yield what is wrong with a container's mounts, in a pod that has these volumes."""
    mounts, place = container.volume_mounts, (*at, "volumeMounts")
    yield from check_unique(mounts, place, lambda mount: mount.mount_path, "mount path", "mountPath")
    privileged = container.security_context is not None and container.security_context.privileged
    for index, mount in enumerate(mounts):
        steps = (*place, index)
        if mount.name not in volumes:
            message = f"the pod has no volume `{mount.name}`{nearest(mount.name, sorted(volumes))}"
            yield Finding((*steps, "name"), "unknown-volume", message)
        if mount.sub_path and mount.sub_path_expr:
            message = "a mount has `subPath` or `subPathExpr`, not both"
            yield Finding((*steps, "subPathExpr"), "one-of", message, at_key=True, also=(*steps, "subPath"))
        if mount.mount_propagation == "Bidirectional" and not privileged:
            message = "only a privileged container may mount into the host"
            hint = "write securityContext.privileged: true, or HostToContainer"
            yield Finding((*steps, "mountPropagation"), "bad-value", message, hint)
        yield from _read_only(mount, steps)


def _read_only(mount: VolumeMount, at: Steps) -> Findings:
    place = (*at, "recursiveReadOnly")
    if mount.recursive_read_only == "Disabled":
        return
    if not mount.read_only:
        yield Finding(place, "bad-value", "a mount that may be written to is not read-only", "write readOnly: true")
    if mount.mount_propagation != "None":
        message = f"mounts that come later (`{mount.mount_propagation}`) cannot be made read-only"
        yield Finding(place, "bad-value", message, "leave mountPropagation out", also=(*at, "mountPropagation"))
