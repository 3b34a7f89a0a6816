import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

from agent.model.value import MASK, Value
from agent.ports import Permanent, Temporary
from agent.source.credentials import Access

if TYPE_CHECKING:
    import git

# What a repository, or a remote, could have git run or ask is off; a repository's own settings come after the
# user's, and these come after both.
_SAFE: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "core.alternateRefsCommand=",
    "credential.helper=",
    "protocol.allow=never",
    "protocol.ssh.allow=always",
    "protocol.https.allow=always",
    "safe.bareRepository=all",  # the folder is one that the operator named
    "blame.ignoreRevsFile=",
    "color.ui=false",
)
_ENVIRONMENT: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # an id names its content, whatever refs/replace says
    "GIT_LITERAL_PATHSPECS": "1",
}
# A git hook, or a git command's alias, that runs trimtab hands these on: they mean its repository, not ours. The
# places of objects stay, so that a hook before a push is accepted can look at what is being pushed.
_ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE")
_CONFIGURED: Final = ("GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE")
_STALLED: Final = -9
_IN_TIME: Final = 60.0
"""Seconds for a command; of a local one nobody ever waits so long, unless its disk hangs."""


class GitFailed(Exception):
    """git ended with an error: ``said`` is what it printed, without secrets."""

    def __init__(self, said: str, *, timed_out: bool = False) -> None:
        super().__init__(said)
        self.said = said
        self.timed_out = timed_out


class Git(Value, frozen=True, kw_only=True):
    """git in one folder, with nothing that could run foreign code, ask a question or show a secret.

    ``discover`` lets git look for the repository in the folders above, too. Nothing is held between commands.
    """

    folder: Path
    access: Access = Access()
    settings: tuple[str, ...] = ()
    discover: bool = False

    def run(
        self,
        *arguments: str,
        timeout: float = _IN_TIME,
        given: IO[bytes] | None = None,
        keep_open: Sequence[int] = (),
    ) -> bytes:
        """Return what a git command prints. Raises GitFailed, and PortError where git cannot be run.

        ``given`` is its standard input. ``keep_open`` are descriptors that the command inherits.
        """
        with _room_for_git():
            status, printed, said = _commands().execute(
                self._command(arguments),
                istream=cast("BinaryIO | None", given),
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=timeout,
                env=self._environment(),
                pass_fds=tuple(keep_open),
            )
        if status != 0:
            raise GitFailed(self._scrubbed(said), timed_out=status == _STALLED and said.startswith("Timeout:"))
        return printed

    def run_bounded(self, *arguments: str, at_most: int, timeout: float = _IN_TIME) -> bytes | None:
        """Return what a git command prints, None when that is more than ``at_most`` bytes: a bomb is not unpacked."""
        with _room_for_git():
            started = _commands().execute(self._command(arguments), as_process=True, env=self._environment())
        process = cast("Popen[bytes]", started.proc)
        with _ended_after(timeout, process) as late, process:
            printed = cast("IO[bytes]", process.stdout).read(at_most + 1)
            if len(printed) > at_most:
                process.kill()
                return None
            said = cast("IO[bytes]", process.stderr).read().decode("utf-8", "replace")
        if process.returncode != 0:
            raise GitFailed(self._scrubbed(said), timed_out=late.is_set())
        return printed

    def _command(self, arguments: Sequence[str]) -> list[str]:
        inherited = [name for name in (*_ELSEWHERE, *_CONFIGURED) if name in os.environ]
        without = ["env", *(part for name in inherited for part in ("-u", name))] if inherited else []
        settings = [part for setting in (*_SAFE, *self.settings, *self.access.options) for part in ("-c", setting)]
        # -C and not GitPython's folder: where that is gone, the command would run in the process's own.
        return [*without, "git", "--no-pager", "-C", str(self.folder), *settings, *arguments]

    def _environment(self) -> dict[str, str]:
        ceiling = {} if self.discover else {"GIT_CEILING_DIRECTORIES": str(self.folder.resolve().parent)}
        return _ENVIRONMENT | ceiling | dict(self.access.environment)

    def _scrubbed(self, said: str) -> str:
        for secret in self.access.secrets:
            said = said.replace(secret.reveal(), MASK)
        return said.strip()


@contextmanager
def _ended_after(seconds: float, process: "Popen[bytes]") -> Iterator[threading.Event]:
    """Kill a process that does not end in time, and say so by what is yielded."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


@contextmanager
def _room_for_git() -> Iterator[None]:
    """Say of a machine that has no file, process or memory left for git that this is so."""
    try:
        yield
    except OSError as error:
        raise Temporary(
            f"git cannot be started: {error.strerror}",
            hint="raise the limits of the agent (LimitNOFILE, TasksMax), or see what takes the machine",
        ) from error


def _commands() -> "git.Git":
    try:
        # Here, because importing GitPython takes some 40 ms, which commands that need no git do not pay.
        import git  # noqa: PLC0415 - see above
    except ImportError as error:
        raise Permanent(f"git cannot be run: {str(error).strip().splitlines()[0]}", hint="install git") from error
    return git.Git()
