"""The little that neither git nor the hosts can tell; an explicit value, saved by the agent before it acts."""

from collections.abc import Mapping

from agent.model.value import Value


class Memory(Value, frozen=True, kw_only=True, weakref=True):
    """``placements`` maps ``namespace/name`` of every wanted pod to its host, so that a placement sticks.

    ``leaving`` maps those that a rollout or a smaller replica count has sent away to their host, until they are seen
    gone: while one of them still winds down it counts for nothing, and no other is sent away in its stead.

    Losing it is survivable: live pods stay where they are seen; only pods of hosts that are unseen at that moment,
    and pods planned but not created yet, are placed anew.
    """

    version: int = 1
    placements: Mapping[str, str] = {}
    leaving: Mapping[str, str] = {}
