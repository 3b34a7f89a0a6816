"""Pods that are taken away on purpose: within budgets where that is asked for, and never more than needed."""
