"""What has to be cleaned up on a host, as chores: a pure decision, like every plan."""

from agent.planner.upkeep.plan import UpkeepInput, UpkeepPlan, plan_upkeep

__all__ = ["UpkeepInput", "UpkeepPlan", "plan_upkeep"]
