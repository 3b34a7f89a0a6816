"""Doing a plan's actions: independent ones side by side, bounded, each reported exactly once."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import takewhile
from typing import Final, Literal

from msgspec.structs import replace

from agent.hosts.cri.errors import ImagePullError
from agent.hosts.execute.context import Context
from agent.hosts.execute.steps import do_step, tag
from agent.hosts.files.folders import make_folders
from agent.model.action import (
    Action,
    AnyStep,
    MakeFolders,
    MakeVolume,
    MountFilesystems,
    Outcome,
    OwnVolumes,
    PullImage,
    RemovePodFiles,
    RemoveVolume,
    RunSandbox,
    WriteEtcHosts,
    WriteFiles,
)
from agent.model.files import Folder
from agent.ports import Clock, PortError, Refused, Unreachable

_ON_FILES: Final = (
    MakeFolders,
    MakeVolume,
    MountFilesystems,
    WriteFiles,
    OwnVolumes,
    WriteEtcHosts,
    RemovePodFiles,
    RemoveVolume,
)

_WITHOUT_FOLDERS: Final = (PullImage, RunSandbox)

Kind = Literal["", "image-pull", "unreachable", "runtime", "files", "refused"]


def at_once(cpus: int) -> int:
    """Return how many actions a host does side by side: more stand in each other's way, and all end later."""
    return min(max(4, 2 * cpus), 16)


class Execution:
    """One call of ``Host.execute``."""

    def __init__(
        self,
        actions: Sequence[Action],
        *,
        context: Callable[[], Context],
        clock: Clock,
        report: Callable[[Outcome], None],
        superseded: Callable[[], bool],
        parallel: int,
    ) -> None:
        self._actions = actions
        self._context = context
        self._clock = clock
        self._report = report
        self._superseded = superseded
        self._parallel = parallel
        self._reporting = threading.Lock()
        self._first: Mapping[str, Sequence[Folder]] = {} if superseded() else _first_folders(actions)
        self._folders: Future[None] = Future()
        """That they were made, or why not."""

    def run(self) -> None:
        """Do all actions; returns when every one was reported."""
        waiting = {action.id: action for action in self._actions}
        done: dict[str, Outcome] = {}
        running: dict[Future[Outcome], str] = {}
        with (
            ThreadPoolExecutor(1, thread_name_prefix="trimtab-folders") as folders,
            ThreadPoolExecutor(self._parallel, thread_name_prefix="trimtab-action") as workers,
        ):
            if self._first:
                self._folders = folders.submit(self._make_folders)
            while waiting or running:
                for action in list(waiting.values()):
                    blocked = _blocked(action, done)
                    if blocked is not None:
                        del waiting[action.id]
                        done[action.id] = self._told(blocked)
                    elif not any(name in waiting or name in running.values() for name in action.after):
                        del waiting[action.id]
                        running[workers.submit(self._do, action)] = action.id
                if not running:
                    if waiting:
                        self._tell_circle(waiting)
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done[running.pop(future)] = future.result()

    def _make_folders(self) -> None:
        """Make the folders that actions begin with, all in one command: a command a pod costs more than the rest.

        Where that fails, each action tries for itself, and fails by itself.
        """
        make_folders(self._context().link, [folder for folders in self._first.values() for folder in folders])

    def _do(self, action: Action) -> Outcome:
        started = self._clock.now()
        outcome = Outcome(action=action.id, pod=action.pod, started_at=started)
        context = self._context()
        for step in self._steps(action):
            if self._superseded():
                outcome = replace(outcome, superseded=True, step=tag(step))
                break
            try:
                do_step(context, step)
            except PortError as error:
                outcome = replace(outcome, error=_text(error), kind=_kind(error, step), step=tag(step))
                break
            except Exception as error:  # noqa: BLE001 - whatever it was, the action must be reported as failed
                outcome = replace(outcome, error=f"unexpected {type(error).__name__}", kind="runtime", step=tag(step))
                break
        return self._told(replace(outcome, finished_at=self._clock.now(), warnings=tuple(context.warnings)))

    def _steps(self, action: Action) -> Iterator[AnyStep]:
        """Yield the steps of an action; those that need no folder come while its folders are made."""
        if action.id not in self._first:
            yield from action.steps
            return
        first, *others = action.steps
        early = list(takewhile(lambda step: isinstance(step, _WITHOUT_FOLDERS), others))
        yield from early
        if self._folders.exception() is not None:
            yield first
        yield from others[len(early) :]

    def _told(self, outcome: Outcome) -> Outcome:
        with self._reporting:
            self._report(outcome)
        return outcome

    def _tell_circle(self, waiting: Mapping[str, Action]) -> None:
        for action in waiting.values():
            error = f"waits for itself through {', '.join(sorted(waiting))}"
            self._told(Outcome(action=action.id, pod=action.pod, error=error, kind="refused"))


def _first_folders(actions: Sequence[Action]) -> Mapping[str, Sequence[Folder]]:
    """Return the folders that actions begin with, by action, where it pays to make them together.

    A pod that needs something of the host that may be missing is not begun without it.
    """
    first = {
        action.id: action.steps[0].folders
        for action in actions
        if not action.after
        and action.steps
        and isinstance(action.steps[0], MakeFolders)
        and not any(folder.must_exist for folder in action.steps[0].folders)
    }
    return first if len(first) > 1 else {}


def _blocked(action: Action, done: Mapping[str, Outcome]) -> Outcome | None:
    """Return the outcome of an action whose predecessor was not done; None while it may still be."""
    for name in action.after:
        before = done.get(name)
        if before is None or not (before.error or before.superseded):
            continue
        if before.superseded:
            return Outcome(action=action.id, pod=action.pod, superseded=True)
        error = f"not tried, because it comes after {name}, which failed: {before.error}"
        return Outcome(action=action.id, pod=action.pod, error=error, kind=before.kind)
    return None


def _kind(error: PortError, step: AnyStep) -> Kind:
    match error:
        case ImagePullError():
            return "image-pull"
        case Unreachable():
            return "unreachable"
        case Refused():
            return "refused"
        case _:
            return "files" if isinstance(step, _ON_FILES) else "runtime"


def _text(error: PortError) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)
