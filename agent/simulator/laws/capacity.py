from typing import Final

from agent.model.labels import AGENT
from agent.model.observation import ContainerSeen
from agent.simulator.laws.moment import Broken
from agent.simulator.machine import Machine

_LEAST_SHARES: Final = 2
"""What a container has that asks for none."""


def check_capacity(machine: Machine, agent: str, cores: int) -> None:
    """Check that what runs on a machine was not promised more of its CPU than it has, as the runtime was told.

    What somebody started there by hand nobody promised anything.
    """
    promised = {
        sandbox.config.name: sum(_millis(one) for one in machine.inside(sandbox.id) if _ours(one, agent))
        for sandbox in machine.ours(agent)
    }
    if sum(promised.values()) > cores * 1000:
        raise Broken(f"{machine.name} promises more than its {cores} cores: {promised}")


def _ours(container: ContainerSeen, agent: str) -> bool:
    return container.state == "running" and container.config.labels.get(AGENT) == agent


def _millis(container: ContainerSeen) -> int:
    shares = container.config.resources.cpu_shares
    return -(-shares * 1000 // 1024) if shares > _LEAST_SHARES else 0
