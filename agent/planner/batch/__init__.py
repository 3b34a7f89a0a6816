"""CronJobs: the jobs that they make, by the clock."""

from agent.planner.batch.cron import Tended, tend
from agent.planner.batch.jobs import Kept, kept_jobs

__all__ = ["Kept", "Tended", "kept_jobs", "tend"]
