"""Who a container runs as where only its image can tell."""

from typing import Final

from msgspec.structs import replace

from agent.model.cri import ContainerConfig
from agent.model.labels import NON_ROOT

_ROOT: Final = "0"


def asks_image(config: ContainerConfig) -> bool:
    """Tell whether a container can be made only once it is known who its image runs as."""
    return NON_ROOT in config.annotations or _group_only(config)


def root_refusal(config: ContainerConfig, image_user: str) -> str:
    """Return why a container that must not run as root cannot be made from its image; empty when it can.

    ``image_user`` is as in ``ImageSeen.user``.
    """
    if NON_ROOT not in config.annotations:
        return ""
    user = _name(image_user)
    if _is_id(user) and int(user) == 0:
        why = "container has runAsNonRoot and image will run as root"
    elif not _is_id(user):
        why = (
            f"container has runAsNonRoot and image has non-numeric user ({user[:100]}), cannot verify user is non-root"
        )
    else:
        return ""
    return f"container {config.name}: CreateContainerConfigError, {why}"


def with_image_user(config: ContainerConfig, image_user: str) -> ContainerConfig:
    """Return a container with its image's user named, where only a group is asked for: containerd takes none alone."""
    if not _group_only(config):
        return config
    user, security = _name(image_user), config.security
    if _is_id(user):
        return replace(config, security=replace(security, run_as_user=int(user)))
    return replace(config, security=replace(security, run_as_username=user))


def _group_only(config: ContainerConfig) -> bool:
    security = config.security
    return security.run_as_group is not None and security.run_as_user is None and not security.run_as_username


def _name(image_user: str) -> str:
    return image_user.partition(":")[0] or _ROOT


def _is_id(user: str) -> bool:
    return user.isascii() and user.isdigit() and len(user) < 11
