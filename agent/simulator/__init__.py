"""The real loops against a simulated clock, repository and hosts with faults, from a seed.

``python -m agent.simulator SEED`` repeats a run, with everything that happened.
"""

from agent.simulator.run import Failed, simulate

__all__ = ["Failed", "simulate"]
