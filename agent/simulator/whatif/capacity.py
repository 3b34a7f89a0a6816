"""Hosts that are not there: what they have, and what pods ask of them."""

from collections.abc import Iterable
from typing import Final, get_args

from msgspec.structs import replace

from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import Fleet
from agent.model.objects.host import Host, HostSpec, Ssh
from agent.model.objects.job import Job
from agent.model.objects.meta import Declared, ObjectKey, ObjectMeta
from agent.model.objects.pod import Pod
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.model.observation import Feature, RuntimeFacts, Seen
from agent.model.origin import Origin
from agent.model.podrequests import pod_requests
from agent.model.podresources import Amounts

CPU_MILLIS: Final = 4000
MEMORY_BYTES: Final = 8 << 30
"""What a host has whose manifest does not say."""
_STORAGE: Final = 100 << 30


def empty_host(name: str, at: float) -> Seen:
    """Return a look at a host on which nothing runs yet, of a containerd that can do everything."""
    facts = RuntimeFacts(
        version="2.3.0",
        cpu_millis=CPU_MILLIS,
        memory_bytes=MEMORY_BYTES,
        storage_bytes=_STORAGE,
        boot_id=name,
        addresses=("192.0.2.1",),
        cgroup_version=2,
        features=tuple(sorted(get_args(Feature))),
    )
    return Seen(at=at, facts=facts)


def with_generic_hosts(fleet: Fleet, count: int) -> Fleet:
    """Return a fleet on so many hosts that are all alike, instead of its own."""
    others = {key: one for key, one in fleet.objects.items() if key.kind != "Host"}
    width = len(str(count))
    hosts = {}
    for number in range(1, count + 1):
        name = f"host-{number:0{width}}"
        key = ObjectKey(kind="Host", namespace="", name=name)
        body = Host(metadata=ObjectMeta(name=name), spec=HostSpec(ssh=Ssh(address=f"{name}.invalid")))
        hosts[key] = Declared(key=key, body=body, origin=Origin(file=""))
    return replace(fleet, objects=dict(sorted({**others, **hosts}.items())))


def drained(fleet: Fleet, hosts: Iterable[str]) -> Fleet:
    """Return a fleet of which some hosts are drained."""
    objects = dict(fleet.objects)
    for name in hosts:
        key = ObjectKey(kind="Host", namespace="", name=name)
        declared = objects.get(key)
        if declared is not None and isinstance(declared.body, Host):
            body = replace(declared.body, spec=replace(declared.body.spec, unschedulable=True, drain=True))
            objects[key] = replace(declared, body=body)
    return replace(fleet, objects=objects)


def is_assumed(declared: Host) -> bool:
    """Tell whether a host's manifest leaves its capacity to be discovered."""
    return not {"cpu", "memory"} <= declared.spec.allocatable.keys()


def requests(fleet: Fleet, owner: ObjectKey) -> Amounts:
    """Return what one pod of an owner asks for; of a job that a CronJob made, by the name of that."""
    found = fleet.objects.get(owner)
    if found is None and owner.kind == "Job":
        found = fleet.objects.get(
            ObjectKey(kind="CronJob", namespace=owner.namespace, name=owner.name.rpartition("-")[0])
        )
    match found.body if found is not None else None:
        case Pod(spec=spec):
            return pod_requests(spec)
        case CronJob(spec=spec):
            return pod_requests(spec.job_template.spec.template.spec)
        case Deployment() | ReplicaSet() | StatefulSet() | DaemonSet() | Job() as body:
            return pod_requests(body.spec.template.spec)
        case _:
            return {}
