"""What has to be cleaned up on a host, as chores: a pure decision, like every plan."""

from agent.planner.upkeep.plan import UpkeepInput, UpkeepPlan, plan_upkeep
from agent.planner.upkeep.policy import Policy
from agent.planner.upkeep.pressure import Pressed

__all__ = ["Policy", "Pressed", "UpkeepInput", "UpkeepPlan", "plan_upkeep"]
