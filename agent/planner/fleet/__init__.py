"""The fleet planner: objects become pods, pods get hosts."""

from agent.planner.fleet.plan import plan_fleet

__all__ = ["plan_fleet"]
