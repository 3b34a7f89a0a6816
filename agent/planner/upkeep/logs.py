"""Which logs are rotated: those of running containers that have grown too large."""

from collections.abc import Iterator

from agent.model.chores import RotateLog
from agent.model.labels import AGENT
from agent.model.observation import Seen
from agent.model.usage import Usage
from agent.planner.upkeep.policy import Policy


def rotations(agent: str, seen: Seen, usage: Usage, policy: Policy) -> Iterator[RotateLog]:
    """Yield the logs to rotate, of our own containers only."""
    folders = {one.id: one.config.log_directory for one in seen.sandboxes if one.config.labels.get(AGENT) == agent}
    for container in seen.containers:
        folder, config = folders.get(container.sandbox_id, ""), container.config
        mine = bool(folder and config.log_path) and config.labels.get(AGENT) == agent
        size = usage.containers[container.id].log_bytes if container.id in usage.containers else 0
        if mine and container.state == "running" and size > policy.log_bytes:
            path = f"{folder}/{config.log_path}"
            yield RotateLog(container_id=container.id, name=config.name, path=path, keep=policy.log_files)
