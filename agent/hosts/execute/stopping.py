"""Stopping the containers of a pod: wave after wave, those of a wave side by side, within one time of grace."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Final

from agent.hosts.execute.context import Context
from agent.hosts.execute.hooks import run_pre_stop
from agent.hosts.execute.settling import until_settled
from agent.model.action import ContainerStop, StopContainers

# As a kubelet has it: a stop signal is always given a moment, however long hooks and earlier waves took.
_LEAST_SECONDS: Final = 2


def stop_containers(context: Context, step: StopContainers) -> None:
    """Stop containers; one that is gone is stopped. The first failure is raised once its whole wave was tried."""
    began = time.monotonic()

    def spent() -> float:
        return time.monotonic() - began

    for _, wave in groupby(sorted(step.containers, key=lambda one: one.wave), key=lambda one: one.wave):
        _stop_wave(context, tuple(wave), spent)


def _stop_wave(context: Context, wave: Sequence[ContainerStop], spent: Callable[[], float]) -> None:
    if len(wave) == 1:
        _stop(context, wave[0], spent)
        return
    with ThreadPoolExecutor(len(wave), thread_name_prefix="trimtab-stop") as threads:
        stopping = [threads.submit(_stop, context, one, spent) for one in wave]
    for one in stopping:
        one.result()


def _stop(context: Context, one: ContainerStop, spent: Callable[[], float]) -> None:
    run_pre_stop(context, one, one.grace - spent())
    # Zero asks for no grace at all, whatever else there is.
    left = max(one.grace - int(spent()), _LEAST_SECONDS) if one.grace else 0
    until_settled(lambda: context.runtime.stop_container(one.container_id, left))
