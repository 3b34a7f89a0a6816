"""``trimtab get -o yaml`` and ``-o json``: objects as ``kubectl`` shows them, with their status."""

from agent.cli.render.manifest.document import render_json, render_yaml

__all__ = ["render_json", "render_yaml"]
