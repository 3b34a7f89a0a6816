"""The command line: one file a verb, and the only room that wires real adapters in.

Every verb is listed here with its one line of help, so that help and completion import none of their modules.
"""

import gc
import sys
from collections.abc import Mapping
from typing import Final

from agent.model.value import Value


class Verb(Value, frozen=True, kw_only=True):
    """A verb's module and what ``trimtab --help`` says of it."""

    module: str
    help: str
    panel: str


_LOOK: Final = "Look"
_INSIDE: Final = "Reach into pods"
_CHANGE: Final = "Change"
_COMMIT: Final = "Change the source: edit, commit, push"
_SET_UP: Final = "Set up and check"

VERBS: Final[Mapping[str, Verb]] = {
    "diff": Verb(module="diff", help="Show what apply would change on the hosts, and why.", panel=_LOOK),
    "simulate": Verb(module="simulate", help="Show what would happen if: a host fails, a change comes.", panel=_LOOK),
    "status": Verb(module="status", help="Show the revision in force, every host and every object.", panel=_LOOK),
    "get": Verb(module="get", help="List pods, deployments, hosts and other objects, as kubectl does.", panel=_LOOK),
    "describe": Verb(module="describe", help="Show one object: what it is, how it is, and why it waits.", panel=_LOOK),
    "top": Verb(module="top", help="Show what hosts and pods use.", panel=_LOOK),
    "explain": Verb(module="explain", help="Explain a field of a kind.", panel=_LOOK),
    "logs": Verb(module="logs", help="Print the logs of containers.", panel=_LOOK),
    "events": Verb(module="events", help="Show what happened, newest last.", panel=_LOOK),
    "exec": Verb(module="exec", help="Run a command in a container.", panel=_INSIDE),
    "port-forward": Verb(module="port_forward", help="Forward local ports to a pod.", panel=_INSIDE),
    "cp": Verb(module="cp", help="Copy files to and from containers.", panel=_INSIDE),
    "apply": Verb(module="apply", help="Converge the hosts once, then exit.", panel=_CHANGE),
    "agent": Verb(module="agent", help="Hold the hosts to the source continuously (the daemon).", panel=_CHANGE),
    "rebalance": Verb(module="rebalance", help="Show the few moves of pods that help; or make them.", panel=_CHANGE),
    "approve": Verb(module="approve", help="Let a revision through that the prune guard holds back.", panel=_CHANGE),
    "scale": Verb(module="scale", help="Set how many replicas a workload has, in the source.", panel=_COMMIT),
    "set": Verb(module="set", help="Set images of containers, in the source.", panel=_COMMIT),
    "rollout": Verb(
        module="rollout", help="Follow, list, undo, restart, pause or resume rollouts, in the source.", panel=_COMMIT
    ),
    "cordon": Verb(module="cordon", help="Keep new pods off a host, in the source.", panel=_COMMIT),
    "uncordon": Verb(module="uncordon", help="Let pods come to a host again, in the source.", panel=_COMMIT),
    "drain": Verb(module="drain", help="Move the pods of a host elsewhere, in the source, and follow.", panel=_COMMIT),
    "init": Verb(module="init", help="Write a first source and an agent.yaml.", panel=_SET_UP),
    "host": Verb(module="host", help="Add hosts to the source, or give one up.", panel=_SET_UP),
    "doctor": Verb(module="doctor", help="Check that hosts are fit to run pods, and say what to do.", panel=_SET_UP),
    "validate": Verb(module="validate", help="Check manifests, and show every problem with its place.", panel=_SET_UP),
    "version": Verb(module="version", help="Print the version.", panel=_SET_UP),
}


OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
"""A start makes many objects and hardly any garbage: with Python's 700, a tenth of a dry run went to looking for it."""


def main() -> None:
    """Run ``trimtab``; the entry point of the installed command."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # Importing a verb's module alone must not build the command line.
    from typer.main import get_command  # noqa: PLC0415 - as above

    from agent.cli.app import app  # noqa: PLC0415 - as above

    try:
        sys.exit(get_command(app)(prog_name="trimtab"))
    finally:
        # Python looks for garbage among all objects once more when it ends, which took a quarter of a dry run: what is
        # frozen is left to the kernel.
        gc.freeze()
