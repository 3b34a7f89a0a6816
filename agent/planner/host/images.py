"""Image references, and what the host's store has for them."""

import re
from collections.abc import Mapping
from typing import Final

from agent.model.observation import ContainerSeen, ImageSeen, Seen
from agent.planner.memo import remembered

_HUB: Final = "docker.io"
_OLD_HUB: Final = "index.docker.io"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def canonical(reference: str) -> str:
    """Return a reference as containerd stores it: ``nginx`` is ``docker.io/library/nginx:latest``.

    A digest wins over a tag, as it does when pulling.
    """
    if _DIGEST.fullmatch(reference):
        return reference
    name, _, digest = reference.partition("@")
    repository, tag = _split_tag(_with_registry(name))
    return f"{repository}@{digest}" if digest else f"{repository}:{tag or 'latest'}"


def _with_registry(name: str) -> str:
    """Return a name with its registry, Docker Hub where none is written; that one's official images are in library."""
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        first, rest = _HUB, name
    elif first == _OLD_HUB:
        first = _HUB
    return f"{first}/library/{rest}" if first == _HUB and "/" not in rest else f"{first}/{rest}"


def _split_tag(name: str) -> tuple[str, str]:
    head, slash, last = name.rpartition("/")
    base, _, tag = last.partition(":")
    return f"{head}{slash}{base}", tag


@remembered
def image_store(seen: Seen) -> Mapping[str, ImageSeen]:
    """Return a host's images by every name that they answer to."""
    return {name: image for image in seen.images for name in (image.id, *map(canonical, (*image.tags, *image.digests)))}


def moved(container: ContainerSeen, store: Mapping[str, ImageSeen]) -> ImageSeen | None:
    """Return the image that a container's reference means now, when that is another than the one it runs."""
    now = store.get(canonical(container.config.image))
    if now is None or not container.image_ref:
        return None
    runs = container.image_ref.rpartition("@")[2]
    known_as = {now.id, *(digest.rpartition("@")[2] for digest in now.digests)}
    return None if runs in known_as else now
