"""Asking containers themselves whether they are ready, where no running agent can tell."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final

from msgspec.structs import replace

from agent.model.observation import Seen
from agent.model.probing import Health
from agent.ports import Host
from agent.reconciler.probing.glance import glance
from agent.reconciler.probing.subjects import Subject, subjects_of

_AT_ONCE: Final = 16
_WITHIN: Final = 5.0
"""Seconds for all containers of a host; what is not known by then is not ready."""


def ask(host: Host, seen: Seen, agent: str) -> Seen:
    """Return a look with what one round of startup and readiness probes says of the agent's containers."""
    subjects = [one for one in subjects_of(seen, agent) if one.probes.startup or one.probes.readiness]
    if not subjects:
        return seen
    return replace(seen, health=_asked(host, subjects))


def _asked(host: Host, subjects: Sequence[Subject]) -> dict[str, Health]:
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask")
    asked = {pool.submit(glance, host, one, time.time()): one.container_id for one in subjects}
    ended, _ = wait(asked, timeout=_WITHIN)
    pool.shutdown(wait=False, cancel_futures=True)
    told = sorted((asked[one], one.result()) for one in ended)
    return {container_id: health for container_id, health in told if health is not None}
