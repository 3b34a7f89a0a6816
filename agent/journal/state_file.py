from pathlib import Path
from typing import Final

import msgspec

from agent.journal.encoding import encode
from agent.journal.replace import explained, replace_file, sync_folder
from agent.model.typed import decoder
from agent.model.value import Value
from agent.ports import Permanent, State

NAME: Final = "state.json"
VERSION: Final = State().version
_ASIDE_AT_MOST: Final = 1000


class Corrupt(Exception):
    """The state file cannot be read; it was moved aside to ``aside``."""

    def __init__(self, aside: Path, why: str) -> None:
        super().__init__(f"the saved state was unreadable ({why}) and was moved aside to {aside}")
        self.aside = aside


class _Versioned(Value, frozen=True, kw_only=True):
    """What every version of the file has in common."""

    version: int


_VERSIONED: Final = decoder(_Versioned)


_STATE: Final = decoder(State)


def load_state(folder: Path) -> State:
    """Return the saved state, an empty one where none was saved.

    Raises Corrupt, once, for a file that is damaged: losing the state is survivable, losing the evidence is not
    needed. Raises Permanent for a file of a newer trimtab, which must not be replaced by an older one's idea of it.
    """
    path = folder / NAME
    with explained("read", path):
        if not path.exists():
            return State()
        content = path.read_bytes()
    try:
        version = _VERSIONED.decode(content).version
        if version > VERSION:
            raise Permanent(
                f"{path} was written by a newer trimtab (version {version}; this one knows up to {VERSION})",
                hint="run that newer trimtab again, or name another spec.stateDir to start without its memory",
            )
        # What an older version did not know of is at its default.
        return msgspec.structs.replace(_STATE.decode(content), version=VERSION)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Corrupt(_move_aside(path), str(error)) from error


def save_state(folder: Path, state: State) -> None:
    """Replace the saved state. Raises PortError."""
    replace_file(folder / NAME, encode(state))


def _move_aside(path: Path) -> Path:
    candidates = (path.with_name(f"{path.name}.corrupt-{number}") for number in range(1, _ASIDE_AT_MOST))
    with explained("move aside", path):
        aside = next((candidate for candidate in candidates if not candidate.exists()), None)
        if aside is None:
            raise Permanent(f"{path} is damaged, like {_ASIDE_AT_MOST - 1} before it", hint="look at the disk below it")
        path.rename(aside)
        sync_folder(path.parent)
    return aside
