"""Commands over SSH, with an end to every wait: paramiko's own calls trust the other side to answer, and to go on."""
# ruff: noqa: SLF001 - reaches into paramiko as streamlocal does; tests/hosts run commands so, so a change is noticed

from typing import Any, Final

from agent.hosts.shell import left_until
from agent.hosts.ssh.library import paramiko

_CHANNEL_REQUEST: Final = b"\x62"


def start(channel: paramiko.Channel, command: str, *, timeout: float) -> None:
    """Start a command on a channel. Raises TimeoutError where nobody says that it runs, or SSHException."""
    if "\0" in command:
        raise ValueError("no argument of a command can hold a NUL")  # sshd would end the connection
    inside: Any = channel  # what paramiko's exec_command uses itself; its type stubs name no internals
    request = paramiko.Message()
    request.add_byte(_CHANNEL_REQUEST)
    request.add_int(channel.remote_chanid)
    request.add_string("exec")
    request.add_boolean(True)
    request.add_string(command)
    inside._event_pending()
    if channel.closed:  # before the event was set back: nobody sets it any more
        raise paramiko.SSHException("the connection ended")
    inside.transport._send_user_message(request)
    if not inside.event.wait(timeout):
        raise TimeoutError("sshd did not answer a request to run a command")
    if not inside.event_ready:
        raise inside.transport.get_exception() or paramiko.SSHException("the host does not run the command")


def send(channel: paramiko.Channel, content: bytes, deadline: float) -> None:
    """Write to a command's input; what comes too late for it is dropped. Raises TimeoutError."""
    while content and not channel.closed:
        channel.settimeout(left_until(deadline))
        try:
            content = content[channel.send(content) :]
        except TimeoutError:
            raise
        except OSError:
            return  # closed meanwhile: its end is what is read next


def receive(channel: paramiko.Channel, size: int, deadline: float) -> bytes:
    """Return what a command printed, nothing at its end. Raises TimeoutError."""
    channel.settimeout(left_until(deadline))
    return channel.recv(size)


def exit_code(channel: paramiko.Channel, deadline: float) -> int:
    """Return how a command ended, below 0 after a signal.

    Raises TimeoutError for one that only closed its output, EOFError when the connection ended and not the command.
    """
    if not channel.status_event.wait(left_until(deadline)):
        raise TimeoutError
    if channel.exit_status < 0 and not ended_by_itself(channel):
        raise EOFError
    return channel.exit_status


def ended_by_itself(channel: paramiko.Channel) -> bool:
    """Whether it is the command that ended, as the other side said, and not the connection."""
    return bool(channel.eof_received and channel.get_transport().is_active())
