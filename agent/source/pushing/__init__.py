"""Bringing a change into the repository: made in a copy of its own, pushed as a person would, never forced."""

from agent.source.pushing.publish import Change, Pushed, newest, publish

__all__ = ["Change", "Pushed", "newest", "publish"]
