from typing import Any

import msgspec

from agent.cli.render.get import Entry
from agent.cli.render.manifest.moment import moments
from agent.model.capacity import Allotment, allotment_of, capacity
from agent.model.objects.host import Host
from agent.model.podrequests import CPU
from agent.model.podresources import Amounts
from agent.reconciler.reporting.snapshot import HostCondition


def host_status(entry: Entry) -> dict[str, Any]:
    """Return how a host is, as Kubernetes shows a node."""
    state = entry.host
    if state is None:
        return {}
    # A host that was only looked at, without an agent that measures it, tells whether it is there.
    seen = HostCondition(type="Ready", status="True" if state.seen else "Unknown", message=state.reason)
    status: dict[str, Any] = {"conditions": [_condition(one) for one in state.conditions or (seen,)]}
    if (facts := state.facts) is not None:
        written = allotment_of(entry.body.spec) if isinstance(entry.body, Host) else Allotment()
        status["addresses"] = [{"type": "InternalIP", "address": address} for address in facts.addresses]
        status["capacity"] = _quantities(capacity(Allotment(), facts))
        status["allocatable"] = _quantities(capacity(written, facts))
        status["nodeInfo"] = {"containerRuntimeVersion": f"{facts.name}://{facts.version}"}
    return status


def _condition(told: HostCondition) -> dict[str, Any]:
    said = {name: text for name, text in msgspec.to_builtins(told).items() if name != "since" and text}
    return {**said, **moments(lastTransitionTime=told.since)}


def _quantities(found: Amounts) -> dict[str, str]:
    """Return what there is of each resource; a host that did not tell has 0 of it."""
    return {name: f"{amount}m" if name == CPU else str(amount) for name, amount in found.items() if amount}
