"""Prometheus, or whatever answers like it: the real side of ``ports.MetricsServer``."""

from agent.prometheus.client import Prometheus

__all__ = ["Prometheus"]
