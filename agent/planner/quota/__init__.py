"""ResourceQuotas: which pods are made, and what a namespace uses of what it may have."""

from agent.planner.quota.admission import Admission, admit

__all__ = ["Admission", "admit"]
