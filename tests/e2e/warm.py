"""Starts `trimtab VERB` from a process that has imported its modules already: imports are most of what a verb costs.

A verb is a process of its own all the same, with its own arguments, environment, folder, standard streams and end, and
what it runs is the installed command's script. What does not show here is how its imports go.

This file is both sides: tests import it, and it is run by its path as the process to fork from. That process has one
thread and no channel of gRPC, which would not survive a fork; and it forks one verb at a time.
"""

import gc
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

_LONGEST_REQUEST = 100_000
_LONGEST_ANSWER = 100
_READY = b"imported"


@contextmanager
def warm_command(script: str, environment: Mapping[str, str]) -> Iterator["WarmCommand"]:
    """Import what the installed `script` may need; `environment` is what those of all verbs have in common."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno()), script],
            env=environment,
            # Python looks at its streams when it starts: they are of the kind that verbs will have.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            text=True,
        )
    with process, ours:  # it ends when nobody can ask any more
        assert ours.recv(_LONGEST_ANSWER) == _READY, process.communicate(timeout=30)[1]
        yield WarmCommand(script, ours)


@dataclass(frozen=True)
class WarmCommand:
    """The installed command, ready to start."""

    script: str
    server: socket.socket

    def run(
        self, arguments: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, stdin: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, as `subprocess.run` would."""
        asked = json.dumps({"arguments": arguments, "environment": dict(env), "folder": str(cwd)})
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        socket.send_fds(self.server, [asked.encode()], theirs)
        for number in theirs:
            os.close(number)
        with ThreadPoolExecutor(3) as threads:
            fed = threads.submit(_feed, pipes[0][1], stdin)
            stdout, stderr = (threads.submit(_read, pipe[0]) for pipe in pipes[1:])
            verb = self._answer()
            try:
                code = self._answer()
            except BaseException:
                os.kill(verb, signal.SIGKILL)
                raise
            fed.result()
            return subprocess.CompletedProcess([self.script, *arguments], code, stdout.result(), stderr.result())

    def _answer(self) -> int:
        answer = self.server.recv(_LONGEST_ANSWER)
        assert answer, "the process that verbs are forked from has ended"
        return int(answer)


def _feed(pipe: int, text: str) -> None:
    with suppress(BrokenPipeError), open(pipe, "w", encoding="utf-8") as file:
        file.write(text)


def _read(pipe: int) -> str:
    with open(pipe, encoding="utf-8") as file:
        return file.read()


def fork_verbs(requests: socket.socket, script: str) -> bool:
    """Fork a verb for each request, until nobody asks any more: False. In a fork that is ready to be the verb: True."""
    while True:
        asked, streams, _, _ = socket.recv_fds(requests, _LONGEST_REQUEST, 3)
        if not asked:
            return False
        verb = os.fork()
        if not verb:
            requests.close()
            _become(json.loads(asked), streams, script)
            return True
        for number in streams:
            os.close(number)
        requests.send(b"%d" % verb)
        requests.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(verb, 0)[1]))


def _become(asked: dict[str, Any], streams: list[int], script: str) -> None:
    for standard, number in enumerate(streams):
        os.dup2(number, standard)
        os.close(number)
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    sys.argv = [script, *asked["arguments"]]


def import_everything() -> None:
    """Import all that any verb does; the modules of `python -m` are no verbs, and the simulator has only one."""
    for module in pkgutil.walk_packages(import_module("agent").__path__, "agent."):
        if not module.name.startswith("agent.simulator.") and not module.name.endswith(".__main__"):
            import_module(module.name)


def main() -> None:
    """Be the process to fork from, then the verb."""
    requests, script = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    sys.path[0] = str(Path(script).parent)
    import_everything()
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "an import has started a thread"
    gc.freeze()  # a look through all that was imported would copy its pages into each verb
    requests.send(_READY)
    if fork_verbs(requests, script):
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
