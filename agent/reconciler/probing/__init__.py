"""Probes, run when they are due, and what their results are worth."""
