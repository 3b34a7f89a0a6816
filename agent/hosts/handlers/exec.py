import shlex
from collections.abc import Sequence

import grpc

from agent.hosts.cri.client import Runtime
from agent.hosts.cri.errors import code_of, said
from agent.hosts.handlers.handled import MOST_OUTPUT, Handled, unknown

_ANSWERS_WITHIN = 1.0


def execute(runtime: Runtime, container_id: str, command: Sequence[str], seconds: float) -> Handled:
    """Run a command in a container: exit code 0 is success, and what it printed is the message. Raises PortError."""
    try:
        done = runtime.execute(container_id, command, seconds)
    except grpc.RpcError as error:
        code = code_of(error)
        if code is not grpc.StatusCode.DEADLINE_EXCEEDED:
            gone = code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
            return unknown("" if gone else said(error))
        if not runtime.answers(_ANSWERS_WITHIN):
            return unknown()
        return Handled(ok=False, message=f'command "{shlex.join(command)}" timed out')
    printed = (done.stdout + done.stderr)[:MOST_OUTPUT].decode(errors="replace").strip()
    if done.exit_code == 0:
        return Handled(ok=True)
    return Handled(ok=False, message=printed or f"command exited with {done.exit_code}")
