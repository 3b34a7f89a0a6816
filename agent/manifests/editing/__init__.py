"""Changing manifests as a person would: one field, with comments, layout and all other bytes kept."""

from agent.manifests.editing.rewrite import as_yaml, objects_in, read_object, rewrite
from agent.manifests.editing.showing import lines_to_show

__all__ = ["as_yaml", "lines_to_show", "objects_in", "read_object", "rewrite"]
