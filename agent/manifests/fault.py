"""A fault within one file, before it is known which file and object: what becomes a Problem."""

from agent.manifests.node import Mark


class Fault(Exception):
    """What is wrong at a place. ``related`` are other places of the same file that belong to it."""

    def __init__(self, mark: Mark, rule: str, message: str, *, hint: str = "", related: tuple[Mark, ...] = ()) -> None:
        super().__init__(message)
        self.mark = mark
        self.rule = rule
        self.message = message
        self.hint = hint
        self.related = related
