"""Pods of jobs that go since their host is short of something: they are over, as when a drain tells them to."""

from msgspec.structs import replace

from agent.model.observation import Seen
from agent.model.plan import FleetInput


def with_those_that_give_way(given: FleetInput) -> FleetInput:
    """Return the input with such pods told to go, whether or not they are gone already.

    Their job counts them as failed and makes others. Of other workloads such a pod is made again when it is gone.
    """
    memory = given.memory
    told = {
        str(one.pod): host
        for host, observation in sorted(given.observations.items())
        if isinstance(observation, Seen)
        for one in observation.strain.victims
        if one.owner.kind == "Job" and memory.placements.get(str(one.pod)) == host
    }
    if told.items() <= memory.leaving.items():
        return given
    return replace(given, memory=replace(memory, leaving=dict(sorted({**memory.leaving, **told}.items()))))
