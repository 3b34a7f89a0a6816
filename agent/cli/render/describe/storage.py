import msgspec

from agent.cli.render.describe.lines import NONE, block, mapped
from agent.cli.render.describe.parts import status_of
from agent.cli.render.describe.told import Subject
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.storage import PersistentVolume, StorageClass


def claim(subject: Subject) -> list[str]:
    """Describe a PersistentVolumeClaim."""
    body = subject.body
    if not isinstance(body, PersistentVolumeClaim):
        return []
    spec = body.spec
    return block(
        [
            ("StorageClass", spec.storage_class_name or NONE),
            ("Status", status_of(subject)),
            ("Volume", spec.volume_name or NONE),
            ("Requests", mapped({name: str(value) for name, value in spec.resources.requests.items()}, between=": ")),
            ("Access Modes", list(spec.access_modes)),
            ("VolumeMode", spec.volume_mode),
        ]
    )


def volume(subject: Subject) -> list[str]:
    """Describe a PersistentVolume."""
    body = subject.body
    if not isinstance(body, PersistentVolume):
        return []
    spec = body.spec
    source = next((s for s in (spec.host_path, spec.local, spec.nfs) if s is not None), None)
    affinity = msgspec.json.encode(spec.node_affinity).decode() if spec.node_affinity else NONE
    return block(
        [
            ("StorageClass", spec.storage_class_name or NONE),
            ("Status", status_of(subject)),
            ("Claim", f"{spec.claim_ref.namespace}/{spec.claim_ref.name}" if spec.claim_ref else NONE),
            ("Reclaim Policy", spec.persistent_volume_reclaim_policy),
            ("Access Modes", list(spec.access_modes)),
            ("Capacity", mapped({name: str(value) for name, value in spec.capacity.items()}, between=": ")),
            ("Node Affinity", affinity),
            (
                "Source",
                mapped({k: str(v) for k, v in msgspec.to_builtins(source).items()}, between=": ") if source else [],
            ),
        ]
    )


def storage_class(subject: Subject) -> list[str]:
    """Describe a StorageClass."""
    body = subject.body
    if not isinstance(body, StorageClass):
        return []
    return block(
        [
            ("Provisioner", body.provisioner),
            ("Parameters", mapped(body.parameters)),
            ("ReclaimPolicy", body.reclaim_policy),
            ("VolumeBindingMode", body.volume_binding_mode),
        ]
    )
