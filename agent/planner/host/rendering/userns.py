"""Ranges of ids for pods whose users are not the host's (``hostUsers: false``): no two pods of a host share one."""

import hashlib
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from agent.model.cri import Namespaces
from agent.model.observation import Seen
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod

_SIZE: Final = 65_536
_FIRST: Final = 0x7000_0000
"""Above what systemd hands out to containers, and what /etc/subuid usually does; below what a signed number holds."""
_COUNT: Final = 4_094


def with_own_ranges(wanted: Iterable[RenderedPod], seen: Seen) -> dict[str, RenderedPod]:
    """Return, by uid, the pods that need a range, each with its own.

    One whose sandbox is there keeps that one's. For another the search begins where its uid says, so that the same
    pod finds the same range as long as nobody has it.
    """
    needy = sorted((pod for pod in wanted if pod.sandbox.namespaces.users == "pod"), key=lambda pod: pod.uid)
    if not needy:
        return {}
    held = {
        one.config.uid: one.config.namespaces.user_mapping
        for one in sorted(seen.sandboxes, key=lambda one: one.created_at)
        if one.config.namespaces.user_mapping is not None
    }
    taken = {first // _SIZE for first, _ in held.values()}
    found: dict[str, RenderedPod] = {}
    for pod in needy:
        mapping = held.get(pod.uid) or _free(pod.uid, taken)
        if mapping is None:
            found[pod.uid] = replace(
                pod, init=(), containers=(), refused="hostUsers false: all ranges of ids are taken"
            )
            continue
        taken.add(mapping[0] // _SIZE)
        found[pod.uid] = _mapped(pod, mapping)
    return found


def _free(uid: str, taken: set[int]) -> tuple[int, int] | None:
    start = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8], "big")
    for step in range(_COUNT):
        first = _FIRST + (start + step) % _COUNT * _SIZE
        if first // _SIZE not in taken:
            return first, _SIZE
    return None


def _mapped(pod: RenderedPod, mapping: tuple[int, int]) -> RenderedPod:
    namespaces = replace(pod.sandbox.namespaces, user_mapping=mapping)
    return replace(
        pod,
        sandbox=replace(pod.sandbox, namespaces=namespaces),
        init=tuple(_inside(one, namespaces) for one in pod.init),
        containers=tuple(_inside(one, namespaces) for one in pod.containers),
    )


def _inside(container: RenderedContainer, namespaces: Namespaces) -> RenderedContainer:
    config = container.config
    return replace(container, config=replace(config, security=replace(config.security, namespaces=namespaces)))
