from collections.abc import Callable

from agent.ports import Event, State


class SimulatedJournal:
    """State and events that outlive the agent; the simulated side of ``ports.Journal``.

    ``around`` is called before and after each save: an agent may be killed there.
    """

    def __init__(self) -> None:
        self.state = State()
        self.events: list[Event] = []
        self.around: Callable[[], None] = lambda: None

    def load(self) -> State:
        """Return the last saved state."""
        return self.state

    def save(self, state: State) -> None:
        """Replace the saved state."""
        self.around()
        self.state = state
        self.around()

    def record(self, event: Event) -> None:
        """Append an event."""
        self.events.append(event)
