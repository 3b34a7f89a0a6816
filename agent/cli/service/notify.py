"""systemd's notification protocol (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names.

Without systemd there is no such socket, and every call does nothing.
"""

import os
import socket
import time


def notify(**fields: str | int) -> None:
    """Tell systemd, such as ``notify(READY=1, STATUS="3 hosts")``. Line breaks in a value would end it: they go."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    message = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in fields.items())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        # An address that starts with @ is in the abstract namespace, which the kernel spells with a NUL.
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(message.encode())


def notify_reloading() -> None:
    """Say that the configuration is being read again; systemd wants to know when that began."""
    notify(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)


def watchdog_interval() -> float | None:
    """Return how often systemd wants a sign of life, in seconds: half its limit, as sd_watchdog_enabled(3) advises.

    None when it wants none.
    """
    limit = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit) / 2e6 if limit.isdecimal() and int(limit) > 0 and ours else None
