import sys

from agent.simulator.run import EVERY_KIND, Failed, simulate


def main(args: list[str]) -> int:
    """Run seeds; show what happened in the first that fails, or in the only one."""
    seeds, every_kind = [one for one in args if one != EVERY_KIND], EVERY_KIND in args
    for seed in seeds:
        try:
            trace = simulate(int(seed), every_kind=every_kind)
        except Failed as failed:
            sys.stdout.write(f"{failed}\n")
            return 1
        if len(seeds) == 1:
            sys.stdout.write("\n".join(trace) + "\n")
        sys.stdout.write(f"seed {seed}: converged, every law kept\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
