from typing import Final

from agent.model.cri import ContainerConfig
from agent.simulator.laws.moment import Broken
from agent.simulator.machine import Machine

_LEAST_SHARES: Final = 2
"""What a container has that asks for none."""


def check_capacity(machine: Machine, agent: str, cores: int) -> None:
    """Check that what runs on a machine was not promised more of its CPU than it has, as the runtime was told."""
    promised = {
        sandbox.config.name: sum(_millis(one.config) for one in machine.inside(sandbox.id) if one.state == "running")
        for sandbox in machine.ours(agent)
    }
    if sum(promised.values()) > cores * 1000:
        raise Broken(f"{machine.name} promises more than its {cores} cores: {promised}")


def _millis(config: ContainerConfig) -> int:
    shares = config.resources.cpu_shares
    return -(-shares * 1000 // 1024) if shares > _LEAST_SHARES else 0
