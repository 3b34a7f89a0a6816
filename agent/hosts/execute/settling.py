"""Stopping what ends by itself at that very moment: containerd fails for a blink, then knows that it is over."""

import time
from collections.abc import Callable
from typing import Final

import grpc

from agent.hosts.cri.errors import is_missing, said

_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
_SETTLING: Final = (
    "failed to forcibly stop",
    "failed to stop",
    "failed to kill",
    "ttrpc: closed",
    "failed to set removing state",
    "is in starting state",
    "must be stopped before deletion",
    "cannot delete a running process",
)


def until_settled(call: Callable[[], None]) -> None:
    """Do a call that stops or removes; what is gone already is done, what is just ending is tried again."""
    for pause in _PAUSES:
        try:
            call()
        except grpc.RpcError as error:
            if is_missing(error):
                return
            text = said(error)
            if not any(words in text for words in _SETTLING):
                raise
            time.sleep(pause)
        else:
            return
    call()
