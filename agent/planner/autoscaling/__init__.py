"""HorizontalPodAutoscalers: from what pods use, and what a metrics server says, to how many replicas there are."""

from agent.planner.autoscaling.autoscale import Autoscaling, autoscale
from agent.planner.autoscaling.governing import governed_by

__all__ = ["Autoscaling", "autoscale", "governed_by"]
