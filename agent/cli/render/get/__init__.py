"""``trimtab get`` as a table: kubectl's columns, so that habits carry over. One file for kinds of a sort."""

from agent.cli.render.get.columns import Entry
from agent.cli.render.get.table import render

__all__ = ["Entry", "render"]
