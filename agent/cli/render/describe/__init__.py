"""``trimtab describe`` as kubectl lays it out: one file a kind, and what they share in ``lines``."""

from agent.cli.render.describe.subject import Subject, render

__all__ = ["Subject", "render"]
