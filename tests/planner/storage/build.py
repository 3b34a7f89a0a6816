"""Short ways to declare claims, volumes and classes, and pods that use them."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from typing import Any

from agent.model.objects import ObjectMeta, Pod
from agent.model.objects.claim import AccessMode, PersistentVolumeClaim, PersistentVolumeClaimSpec, StorageRequest
from agent.model.objects.pod import (
    ClaimTemplate,
    ClaimVolume,
    EphemeralVolume,
    HostPathVolume,
    NodeRequirement,
    NodeSelector,
    NodeTerm,
    Volume,
    VolumeMount,
)
from agent.model.objects.storage import (
    LocalVolume,
    PersistentVolume,
    PersistentVolumeSpec,
    StorageClass,
    VolumeNodeAffinity,
)
from tests.planner.fleet.build import World, container, pod


def claim(
    name: str = "data",
    storage_class: str | None = "local",
    size: str = "1Gi",
    mode: AccessMode = "ReadWriteOnce",
    **spec: Any,
) -> PersistentVolumeClaim:
    return PersistentVolumeClaim(
        metadata=ObjectMeta(name=name, namespace="default"), spec=claim_spec(storage_class, size, mode, **spec)
    )


def claim_spec(
    storage_class: str | None = "local", size: str = "1Gi", mode: AccessMode = "ReadWriteOnce", **spec: Any
) -> PersistentVolumeClaimSpec:
    return PersistentVolumeClaimSpec(
        access_modes=(mode,),
        resources=StorageRequest(requests={"storage": size}),
        storage_class_name=storage_class,
        **spec,
    )


def local_class(name: str = "local", *, default: bool = False, **fields: Any) -> StorageClass:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    fields = {"volume_binding_mode": "WaitForFirstConsumer", **fields}
    return StorageClass(
        metadata=ObjectMeta(name=name, annotations=annotations), provisioner="trimtab.dev/local", **fields
    )


def volume(
    name: str,
    size: str = "1Gi",
    *,
    host: str = "",
    storage_class: str = "",
    modes: tuple[AccessMode, ...] = ("ReadWriteOnce",),
    labels: dict[str, str] | None = None,
    **spec: Any,
) -> PersistentVolume:
    """Declare a volume: local to a host, or a hostPath."""
    source: dict[str, Any] = {"host_path": HostPathVolume(path=f"/data/{name}")}
    if host:
        term = NodeTerm(
            match_expressions=(NodeRequirement(key="kubernetes.io/hostname", operator="In", values=(host,)),)
        )
        affinity = VolumeNodeAffinity(required=NodeSelector(node_selector_terms=(term,)))
        source = {"local": LocalVolume(path=f"/mnt/{name}"), "node_affinity": affinity}
    return PersistentVolume(
        metadata=ObjectMeta(name=name, labels=labels or {}),
        spec=PersistentVolumeSpec(
            capacity={"storage": size}, access_modes=modes, storage_class_name=storage_class, **source, **spec
        ),
    )


def user(name: str = "db", *claims: str, **spec: Any) -> Pod:
    """Declare a pod that mounts claims."""
    names = claims or ("data",)
    volumes = tuple(Volume(name=one, persistent_volume_claim=ClaimVolume(claim_name=one)) for one in names)
    mounts = tuple(VolumeMount(name=one, mount_path=f"/{one}") for one in names)
    return pod(name, container(volume_mounts=mounts), volumes=volumes, **spec)


def scratch() -> Volume:
    """Declare an ephemeral volume."""
    return Volume(name="scratch", ephemeral=EphemeralVolume(volume_claim_template=ClaimTemplate(spec=claim_spec())))


def said(world: World, name: str = "data", kind: str = "PersistentVolumeClaim") -> tuple[str, str]:
    """Return the word and the message about a claim or volume."""
    status = world.status(name, kind)
    return status.reason, status.message


def volumes_on(world: World) -> dict[str, list[str]]:
    """Return the claims whose volumes trimtab made, by host."""
    return {
        one.metadata.name: [seen.mark.claim for seen in world.seen(one.metadata.name).volumes] for one in world.hosts
    }
