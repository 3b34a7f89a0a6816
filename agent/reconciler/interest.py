import msgspec

from agent.model.observation import Observation, Seen, Unseen


def same_to_fleet(one: Observation | None, other: Observation) -> bool:
    """Tell whether the fleet planner would say the same of two observations.

    When a look was taken, files, images and how far the clocks are apart do not matter to it: a fleet is not planned
    anew because a resync found nothing.
    """
    if isinstance(one, Seen) and isinstance(other, Seen):
        return _essence(one) == _essence(other)
    return isinstance(one, Unseen) and isinstance(other, Unseen) and one.reason == other.reason


def _essence(seen: Seen) -> Seen:
    facts = msgspec.structs.replace(seen.facts, clock_skew=0.0)
    return msgspec.structs.replace(seen, at=0.0, facts=facts, images=(), files={}, pod_dirs=())
