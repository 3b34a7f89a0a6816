"""The command line: one file a verb, and the only room that wires real adapters in."""

import sys


def main() -> None:
    """Run ``trimtab``; the entry point of the installed command."""
    from agent.cli.app import command  # noqa: PLC0415 - importing a verb's module alone must not build the command line

    sys.exit(command()(prog_name="trimtab"))
