"""Changing manifests as a person would: one field, with comments, layout and all other bytes kept."""

from agent.manifests.editing.rewrite import read_object, rewrite

__all__ = ["read_object", "rewrite"]
