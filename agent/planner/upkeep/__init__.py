"""What has to be cleaned up on a host, as chores: a pure decision, like every plan."""

from agent.planner.upkeep.plan import UpkeepInput, UpkeepPlan, plan_upkeep
from agent.planner.upkeep.policy import Policy

__all__ = ["Policy", "UpkeepInput", "UpkeepPlan", "plan_upkeep"]
