"""How much a host does side by side, where the configuration does not say."""

import pytest

from agent.hosts.execute.run import at_once


@pytest.mark.parametrize(("cpus", "actions"), [(0, 4), (1, 4), (2, 4), (4, 8), (8, 16), (64, 16)])
def test_two_actions_for_each_cpu_within_bounds(cpus: int, actions: int) -> None:
    assert at_once(cpus) == actions
