"""What if: the real loops on imagined hosts, on a clock that goes as fast as it can."""

from agent.simulator.whatif.answer import Answer, Entry, Peak, Standing
from agent.simulator.whatif.ask import ask
from agent.simulator.whatif.capacity import CPU_MILLIS, MEMORY_BYTES, with_generic_hosts
from agent.simulator.whatif.duration import NOMINAL
from agent.simulator.whatif.question import Happening, Question
from agent.simulator.whatif.world import ACTION_SECONDS

__all__ = [
    "ACTION_SECONDS",
    "CPU_MILLIS",
    "MEMORY_BYTES",
    "NOMINAL",
    "Answer",
    "Entry",
    "Happening",
    "Peak",
    "Question",
    "Standing",
    "ask",
    "with_generic_hosts",
]
