import sys
from typing import Final

from agent.simulator.run import Chaos, Failed, simulate

_FLAGS: Final[dict[str, Chaos]] = {"--every-kind": "every-kind", "--storm": "storm"}


def main(args: list[str]) -> int:
    """Run seeds; show what happened in the first that fails, or in the only one."""
    seeds = [one for one in args if one not in _FLAGS]
    chaos: Chaos = next((_FLAGS[one] for one in args if one in _FLAGS), "plain")
    for seed in seeds:
        try:
            trace = simulate(int(seed), chaos)
        except Failed as failed:
            sys.stdout.write(f"{failed}\n")
            return 1
        if len(seeds) == 1:
            sys.stdout.write("\n".join(trace) + "\n")
        sys.stdout.write(f"seed {seed}: converged, every law kept\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
