"""The real loops against a simulated clock, repository and hosts with faults, from a seed.

``python -m agent.simulator SEED`` repeats a run, with everything that happened; ``--every-kind SEED`` one in which
the fleet has every kind of workload; ``--storm SEED`` one in which people operate it all the while besides.
"""

from agent.simulator.run import Chaos, Failed, simulate

__all__ = ["Chaos", "Failed", "simulate"]
