"""Ports of hosts that more pods want than there are hosts to give them.

A pod takes its host ports on the one host it runs on. Pods that can only run on a set of hosts, and want one port, need
as many hosts: two pods pinned to one host are the plainest case. (Taints and ``unschedulable`` do not count here; they
come and go.) Pods of jobs end, so they can wait for each other.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from agent.manifests.parsed import HostPort, ParsedObject
from agent.manifests.templates import pod_spec_of
from agent.manifests.together.index import Index
from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.host import Host
from agent.model.objects.job import Job
from agent.model.objects.pod import PodSpec
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.model.origin import Location
from agent.model.problem import Problem

_ANY_ADDRESS: Final = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class _Demand(NamedTuple):
    """Pods of one object that want a port."""

    entry: ParsedObject
    port: HostPort
    pods: int


_ByHosts = Mapping[frozenset[str], list[_Demand]]


def check_host_ports(index: Index) -> Iterator[Problem]:
    """Yield each demand for a host port that the hosts it fits cannot meet."""
    if len(index.hosts) != len(index.all_hosts):
        return  # what an invalid Host would offer is not known
    told: set[Location] = set()
    for by_hosts in _demands(index).values():
        for hosts in by_hosts:
            for problem in _overfull(hosts, _within(hosts, by_hosts)):
                if problem.location not in told:
                    told.add(problem.location)
                    yield problem


def _demands(index: Index) -> dict[tuple[int, str], dict[frozenset[str], list[_Demand]]]:
    demands: dict[tuple[int, str], dict[frozenset[str], list[_Demand]]] = {}
    fitting: dict[frozenset[tuple[str, str]], frozenset[str]] = {}
    for entry in index.objects:
        found = pod_spec_of(entry.declared.body) if entry.declared and entry.host_ports else None
        if entry.declared is None or found is None:
            continue
        body = entry.declared.body
        hosts = _hosts(found[0], index, fitting)
        if isinstance(body, DaemonSet):
            hosts -= _doubtful(found[0], index)
        pods = _pods(body, len(hosts))
        for port in entry.host_ports if hosts else ():
            by_hosts = demands.setdefault((port.port, port.protocol), {})
            by_hosts.setdefault(hosts, []).append(_Demand(entry, port, pods))
    return demands


def _pods(body: AnyObject, hosts: int) -> int:
    """Return how many pods of an object want its ports for good, when so many hosts are fit for them."""
    match body:
        case Deployment() | ReplicaSet() | StatefulSet():
            return body.spec.replicas
        case DaemonSet():
            return hosts
        case Job() | CronJob():
            return 0
        case _:
            return 1


def _doubtful(spec: PodSpec, index: Index) -> frozenset[str]:
    """Return hosts that may have no pod of a DaemonSet, though its node selector fits."""
    everywhere = spec.affinity is None or spec.affinity.node_affinity is None
    return frozenset(host.metadata.name for _, host in index.hosts if host.spec.taints or not everywhere)


def _hosts(spec: PodSpec, index: Index, fitting: dict[frozenset[tuple[str, str]], frozenset[str]]) -> frozenset[str]:
    if spec.node_name:
        return frozenset({spec.node_name})
    selector = frozenset(spec.node_selector.items())
    if selector not in fitting:
        fitting[selector] = frozenset(host.metadata.name for _, host in index.hosts if _may_fit(host, spec))
    return fitting[selector]


def _may_fit(host: Host, spec: PodSpec) -> bool:
    labels = {"kubernetes.io/hostname": host.metadata.name, "kubernetes.io/os": "linux", **host.metadata.labels}
    return all(labels.get(key) == value for key, value in spec.node_selector.items())


def _within(hosts: frozenset[str], by_hosts: _ByHosts) -> list[_Demand]:
    """Return the demands that only these hosts can meet."""
    if len(hosts) == 1:
        return by_hosts[hosts]
    return [demand for others, demands in by_hosts.items() if others <= hosts for demand in demands]


def _overfull(hosts: frozenset[str], demands: list[_Demand]) -> Iterator[Problem]:
    addresses = sorted({demand.port.address for demand in demands} - {*_ANY_ADDRESS}) or [""]
    for address in addresses:
        taken = 0
        earlier: list[_Demand] = []
        for demand in demands:
            if demand.port.address not in (address, *_ANY_ADDRESS):
                continue
            taken += demand.pods
            if taken > len(hosts) and demand.pods:
                yield _problem(demand, earlier, taken, hosts)
            earlier.append(demand)


def _problem(demand: _Demand, earlier: list[_Demand], taken: int, hosts: frozenset[str]) -> Problem:
    port = f"host port {demand.port.port} {demand.port.protocol}"
    others = [other for other in earlier if other.pods]
    if len(hosts) == 1 and others:
        message = f"{port} of host {min(hosts)} is taken by {others[0].entry.key} already"
    elif others:
        message = f"{taken} pods want {port}, but it is there on {len(hosts)} hosts only"
    else:
        message = f"{demand.pods} replicas want {port}, but {_fit(len(hosts))}"
    return Problem(
        location=demand.port.location,
        rule="host-port-conflict",
        message=message,
        object=str(demand.entry.key),
        path=demand.port.path,
        hint="take another port, fewer replicas, or other hosts",
        related=tuple(other.port.location for other in others[:3]),
    )


def _fit(hosts: int) -> str:
    return "only 1 host fits" if hosts == 1 else f"only {hosts} hosts fit"
