"""Who a container runs as where only its image can tell."""

from msgspec.structs import replace

from agent.model.observation import ImageSeen
from agent.planner.host.rendered import RenderedContainer


def asks_image(container: RenderedContainer) -> bool:
    """Tell whether a container can be made only once its image is on the host: the image decides who it runs as."""
    return container.non_root or _group_only(container)


def non_root_refusal(container: RenderedContainer, image: ImageSeen) -> str:
    """Return why a container that must not run as root cannot be made from its image; empty when it can."""
    if not container.non_root:
        return ""
    name, user = container.config.name, _user(image)
    if user in {"", "0"}:
        return f"container {name}: CreateContainerConfigError, container has runAsNonRoot and image will run as root"
    if not _is_id(user):
        return (
            f"container {name}: CreateContainerConfigError, container has runAsNonRoot and image has non-numeric user "
            f"({user[:100]}), cannot verify user is non-root"
        )
    return ""


def as_image_user(container: RenderedContainer, image: ImageSeen) -> RenderedContainer:
    """Return a container with its image's user named, where a group is asked for: containerd takes none alone."""
    if not _group_only(container):
        return container
    user, security = _user(image) or "0", container.config.security
    named = replace(security, run_as_user=int(user)) if _is_id(user) else replace(security, run_as_username=user)
    return replace(container, config=replace(container.config, security=named))


def _group_only(container: RenderedContainer) -> bool:
    security = container.config.security
    return security.run_as_group is not None and security.run_as_user is None and not security.run_as_username


def _user(image: ImageSeen) -> str:
    return image.user.partition(":")[0]


def _is_id(user: str) -> bool:
    return user.isascii() and user.isdigit() and len(user) < 11
