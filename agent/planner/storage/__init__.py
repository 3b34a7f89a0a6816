"""Storage: claims are bound to volumes, made on hosts where a class says so, and never lost by accident."""

from agent.planner.storage.ledger import Ledger
from agent.planner.storage.outcome import Outcome, outcome, with_claims
from agent.planner.storage.refusals import against, refusal, rivals
from agent.planner.storage.report import claim_statuses
from agent.planner.storage.stock import still_unlooked, take_stock
from agent.planner.storage.uses import uses_of

__all__ = [
    "Ledger",
    "Outcome",
    "against",
    "claim_statuses",
    "outcome",
    "refusal",
    "rivals",
    "still_unlooked",
    "take_stock",
    "uses_of",
    "with_claims",
]
