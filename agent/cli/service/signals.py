"""Signals as words for the control loop, whichever thread the kernel gives them to."""

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

_MOST_AT_ONCE = 64


@contextmanager
def heard(meanings: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Call what a signal means, on a thread of its own, until the block ends. From the main thread only.

    CPython runs a handler on the main thread, between two of its instructions. A signal that the kernel gives to
    another thread, or that comes just as the main thread goes to sleep, would wait there until something else wakes it:
    an agent that is idle would not hear that it is to stop. The number of a signal is written to the wake-up socket at
    once, in any case.
    """
    heard_here, told = socket.socketpair()
    told.setblocking(False)
    known_socket = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    known = {number: signal.signal(number, _nothing) for number in meanings}
    listening = Thread(target=_listen, args=(heard_here, meanings), name="signals", daemon=True)
    listening.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(known_socket)
        for number, handler in known.items():
            signal.signal(number, handler)
        told.close()
        listening.join()
        heard_here.close()


def _listen(heard_here: socket.socket, meanings: Mapping[int, Callable[[], None]]) -> None:
    while numbers := heard_here.recv(_MOST_AT_ONCE):
        for number in numbers:
            if number in meanings:
                meanings[number]()


def _nothing(_number: int, _frame: object) -> None:
    """Handle a signal that is heard elsewhere: without any handler, it would end the process."""
