"""The doctor's lines on containerd itself: is it ready, what does it want mended, has it the image of every pod."""

from typing import Final

from agent.hosts.cri.client import Runtime, pb
from agent.hosts.doctor.check import Check
from agent.hosts.garbled import UNREADABLE
from agent.model.typed import decoder

_DEPRECATED: Final = decoder(dict[str, str])
_NO_PAUSE: Final = (
    "where its registry cannot be reached, set sandbox_image (since 2.0: pinned_images.sandbox) in containerd's "
    "configuration, or bring it: ctr -n k8s.io images pull {}"
)


def condition_check(condition: pb.RuntimeCondition) -> Check:
    """Return the line on one condition of the runtime."""
    if condition.type == "ContainerdHasNoDeprecationWarnings":
        return _deprecations(condition)
    name = {"RuntimeReady": "runtime", "NetworkReady": "network"}.get(condition.type, condition.type)
    if condition.status:
        return Check(name=name, status="ok", message="ready")
    hint = "see journalctl -u containerd"
    if condition.type == "NetworkReady":
        hint = "CNI: a configuration in /etc/cni/net.d and its plugins in /opt/cni/bin are what containerd looks for"
    return Check(name=name, status="problem", message=f"{condition.reason}: {condition.message}", hint=hint)


def _deprecations(condition: pb.RuntimeCondition) -> Check:
    """Read a map, as JSON, of what is used on this host and will be gone in a later containerd."""
    if condition.status:
        return Check(name="deprecations", status="ok", message="nothing that a later containerd has no more")
    try:
        told = _DEPRECATED.decode(condition.message)
    except UNREADABLE:
        told = {"": condition.message}
    hint = "mend it before containerd is upgraded: containerd config migrate, or what the message says"
    return Check(name="deprecations", status="warning", message=" ".join(told.values()), hint=hint)


def pause_image_check(runtime: Runtime, image: str) -> Check:
    """Return the line on the image that holds a pod's namespaces; ``image`` is its name, where containerd tells it."""
    if not image:
        # Since 2.0 the configuration does not tell; but containerd pins the image once it has it.
        pinned = sorted(tag for one in runtime.look_images().result().images if one.pinned for tag in one.repo_tags)
        if pinned:
            return Check(name="pause image", status="ok", message=f"{', '.join(pinned)} is there")
        message = "no image is pinned on the host yet; the first pod pulls it"
        return Check(name="pause image", status="warning", message=message, hint=_NO_PAUSE.format("ITS-NAME"))
    if runtime.has_image(image):
        return Check(name="pause image", status="ok", message=f"{image} is there")
    return Check(
        name="pause image",
        status="warning",
        message=f"{image} is not on the host yet; the first pod pulls it",
        hint=_NO_PAUSE.format(image),
    )
