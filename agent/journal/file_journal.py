import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agent.journal.events_file import append_event, read_events
from agent.journal.replace import make_folder
from agent.journal.state_file import Corrupt, load_state, save_state
from agent.ports import Event, PortError, State


class FileJournal:
    """Keeps state and events in the state directory; the real side of ``ports.Journal``.

    One agent at a time writes (see ``lock``); reading needs no lock, since files are replaced as a whole.
    """

    def __init__(self, state_dir: str | Path, *, now: Callable[[], float] = time.time) -> None:
        """Make the folder where it is missing. Raises PortError."""
        self._folder = Path(state_dir)
        self._now = now
        self._saved: State | None = None
        make_folder(self._folder)

    def load(self) -> State:
        """Return the last saved state; an empty one where there is none, or where it is damaged, with a warning."""
        try:
            self._saved = load_state(self._folder)
        except Corrupt as corrupt:
            with suppress(PortError):  # a disk that takes no event keeps nobody from starting
                self.record(Event(at=self._now(), type="Warning", reason="StateCorrupt", message=str(corrupt)))
            return State()
        return self._saved

    def save(self, state: State) -> None:
        """Replace the saved state; on return it survives a power cut. What is saved already costs nothing."""
        if state == self._saved:
            return
        save_state(self._folder, state)
        self._saved = state

    def record(self, event: Event) -> None:
        """Append an event."""
        append_event(self._folder, event)

    def events(self, newest: int = 1000) -> tuple[Event, ...]:
        """Return the newest events, oldest of them first."""
        return read_events(self._folder, newest)
