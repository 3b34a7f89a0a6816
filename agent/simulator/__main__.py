import argparse
import sys
from collections.abc import Sequence

from agent.simulator.run import Failed, simulate


def main(args: Sequence[str]) -> int:
    """Run seeds; show what happened in the first that fails, or in the only one."""
    asked = _parser().parse_args(args)
    for seed in asked.seeds:
        try:
            trace = simulate(seed, asked.chaos)
        except Failed as failed:
            sys.stdout.write(f"{failed}\n")
            return 1
        if len(asked.seeds) == 1:
            sys.stdout.write("\n".join(trace) + "\n")
        sys.stdout.write(f"seed {seed}: converged, every law kept\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent.simulator",
        description="Take simulated fleets through faults, then to rest; every law is checked at every step.",
        epilog="A seed repeats its run. Of a single one, everything that happened is shown. "
        "Exit codes: 0 every law kept, 1 one was broken or a fleet did not converge.",
    )
    parser.add_argument("seeds", metavar="SEED", nargs="+", type=int, help="a number; each is another fleet")
    parser.set_defaults(chaos="plain")
    chaos = parser.add_mutually_exclusive_group()
    for name, what in (
        ("every-kind", "fleets with every kind of workload, not Deployments and Pods alone"),
        (
            "storm",
            "such fleets, whose hosts, quotas and priorities people change all the while, as clocks go forward or back",
        ),
    ):
        chaos.add_argument(f"--{name}", dest="chaos", action="store_const", const=name, help=what)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
