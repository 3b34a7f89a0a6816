"""Problems as people and other programs read them. One file a form."""

from agent.manifests.report.github import render_github
from agent.manifests.report.json import render_json
from agent.manifests.report.sarif import render_sarif
from agent.manifests.report.text import render_summary, render_text

__all__ = ["render_github", "render_json", "render_sarif", "render_summary", "render_text"]
