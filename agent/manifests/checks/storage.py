"""Claims, volumes and classes of storage."""

from collections.abc import Iterable
from typing import Final

from agent.manifests.checks.choice import check_one_of
from agent.manifests.checks.quantities import check_quantities, value_of
from agent.manifests.checks.selectors import check_node_selector, check_selector
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.claim import AccessMode, PersistentVolumeClaimSpec
from agent.model.objects.storage import PersistentVolumeSpec, StorageClass

_SOURCES: Final = (("host_path", "hostPath"), ("local", "local"), ("nfs", "nfs"))
_STORAGE: Final = "storage"


def check_claim_spec(spec: PersistentVolumeClaimSpec, at: Steps) -> Findings:
    """Yield what is wrong with what storage is asked for."""
    place = (*at, "accessModes")
    if not spec.access_modes:
        message = "a claim says how its volume will be used, by at least one access mode"
        yield Finding(place, "missing-field", message, "write accessModes: [ReadWriteOnce]", at_key=True)
    yield from _access_modes(spec.access_modes, place)
    requests, limits = spec.resources.requests, spec.resources.limits
    yield from check_quantities(requests, (*at, "resources", "requests"))
    yield from check_quantities(limits, (*at, "resources", "limits"))
    if _STORAGE not in requests:
        message = "a claim says how much storage it needs"
        yield Finding((*at, "resources"), "missing-field", message, "write requests: {storage: 1Gi}", at_key=True)
        return
    asked, most = value_of(requests[_STORAGE]), value_of(limits[_STORAGE]) if _STORAGE in limits else None
    if asked == 0:
        yield Finding((*at, "resources", "requests", _STORAGE), "bad-value", "a volume holds more than nothing")
    if asked is not None and most is not None and asked > most:
        message = f"the request {requests[_STORAGE]} is more than the limit {limits[_STORAGE]}"
        yield Finding((*at, "resources", "requests", _STORAGE), "bad-value", message)
    yield from check_selector(spec.selector, (*at, "selector"))


def check_volume(spec: PersistentVolumeSpec) -> Findings:
    """Yield what is wrong with a PersistentVolume."""
    at = ("spec",)
    yield from check_one_of(spec, _SOURCES, at)
    yield from _access_modes(spec.access_modes, (*at, "accessModes"))
    yield from check_quantities(spec.capacity, (*at, "capacity"))
    if value_of(spec.capacity[_STORAGE]) == 0:
        yield Finding((*at, "capacity", _STORAGE), "bad-value", "a volume holds more than nothing")
    if spec.local and spec.node_affinity is None:
        message = "a local volume is on certain hosts, which `nodeAffinity` says"
        hint = "write nodeAffinity.required with a term on kubernetes.io/hostname"
        yield Finding((*at, "nodeAffinity"), "missing-field", message, hint)
    if spec.node_affinity:
        yield from check_node_selector(spec.node_affinity.required, (*at, "nodeAffinity", "required"))
    if spec.mount_options and spec.nfs is None:
        message = "a folder of the host is not mounted by options, only `nfs` is"
        yield Finding((*at, "mountOptions"), "bad-value", message, "remove them", at_key=True)


def check_class(storage: StorageClass) -> Findings:
    """Yield what is wrong with a StorageClass."""
    if storage.provisioner == "kubernetes.io/no-provisioner" and storage.parameters:
        message = "nothing is made by `kubernetes.io/no-provisioner`, so it has no parameters"
        yield Finding(("parameters",), "bad-value", message, "remove them", at_key=True)


def _access_modes(modes: Iterable[AccessMode], at: Steps) -> Findings:
    found = list(modes)
    if "ReadWriteOncePod" in found and len(set(found)) > 1:
        message = "a volume for one pod only (`ReadWriteOncePod`) cannot be used in other ways too"
        yield Finding((*at, found.index("ReadWriteOncePod")), "bad-value", message)
