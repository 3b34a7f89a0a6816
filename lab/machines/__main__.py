"""`python -m lab.machines up noble`, then `run noble -- CMD`, `down noble`; `test` is what `make machines` runs."""

import argparse
import os
import sys
from pathlib import Path

from lab.errors import LabError
from lab.machines import suite
from lab.machines.image import RELEASES
from lab.machines.machine import Machine, remove


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can mend is told without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.do(options)
    except LabError as problem:
        print(f"machines: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab.machines",
        description="Virtual machines of whole releases, made from their own packages.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="boot a machine and say how to reach it; the first time it is built")
    up.set_defaults(do=_up)
    run = commands.add_parser("run", help="run a command on a machine: run noble -- systemctl status")
    run.set_defaults(do=_run)
    down = commands.add_parser("down", help="power a machine off, also a crashed one, and forget what it wrote")
    down.set_defaults(do=_down)
    for added in (up, run, down):
        added.add_argument("release", choices=RELEASES)
    run.add_argument("command", nargs=argparse.REMAINDER, help="left out: a shell")
    test = commands.add_parser("test", help="run this checkout's checks and tests on machines of their own")
    test.add_argument("releases", nargs="*", metavar="RELEASE", help=f"which ones (default: {' '.join(RELEASES)})")
    test.add_argument("--only", nargs="+", choices=suite.STEPS, help="which steps (default: all that make sense here)")
    test.set_defaults(do=_test)
    return parser


def _up(options: argparse.Namespace) -> int:
    machine = Machine.up(options.release, detached=True)
    print(f"machine {machine.release} is up: ssh -F {machine.ssh_config} {machine.release}")
    return 0


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    entering = Machine.attach(options.release).ssh(*command)
    os.execvp(entering[0], entering)  # noqa: S606 - becoming ssh keeps its terminal and its exit code


def _down(options: argparse.Namespace) -> int:
    remove(options.release)
    print(f"machine {options.release} is gone")
    return 0


def _test(options: argparse.Namespace) -> int:
    return suite.run(options.releases or list(RELEASES), options.only, Path(__file__).parents[2])


if __name__ == "__main__":
    sys.exit(main())
