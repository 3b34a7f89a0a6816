"""A pod's uid, and the paths on the host that follow from it."""

import hashlib
import uuid
from typing import Final

import msgspec

from agent.model.cri import SandboxConfig
from agent.model.labels import LOGS_DIR, PODS_DIR, SECRETS_DIR
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import PodSpec, Volume

_NAMESPACE: Final = uuid.UUID("6e0a1d52-9f0c-5d0b-8a77-3a2f3b1c9e54")


def pod_uid(agent: str, key: PodKey, incarnation: str) -> str:
    """Return a pod's uid: the same for the same incarnation, so that a repaired pod keeps its uid and its files."""
    return str(uuid.uuid5(_NAMESPACE, f"{agent}/{key.namespace}/{key.name}/{incarnation}"))


def incarnation(spec: PodSpec, sandbox: SandboxConfig) -> str:
    """Return a digest of everything that cannot change within the life of a pod.

    That is what the sandbox is made from, which containers it has, and which volumes. Only what is set goes in, so
    that a field which a later release learns does not make every pod a new one. Labels, annotations and the cgroup
    parent stay out: they are no reason to take a running pod down.
    """
    fixed = {
        "hostname": sandbox.hostname,
        "ports": [msgspec.structs.astuple(port) for port in sandbox.port_mappings],
        "hostNetwork": sandbox.host_network,
        "privileged": sandbox.privileged,
        "containers": sorted(container.name for container in spec.containers),
        "volumes": sorted(_shape(volume) for volume in spec.volumes),
    }
    chosen = {name: value for name, value in fixed.items() if value}
    return hashlib.sha256(msgspec.json.encode(chosen, order="sorted")).hexdigest()


def _shape(volume: Volume) -> tuple[str, ...]:
    if volume.config_map is not None:
        return (volume.name, "configMap", volume.config_map.name)
    if volume.secret is not None:
        return (volume.name, "secret", volume.secret.secret_name)
    if volume.host_path is not None:
        return (volume.name, "hostPath", volume.host_path.path)
    return (volume.name, "emptyDir", volume.empty_dir.medium if volume.empty_dir else "")


def pod_folder(uid: str) -> str:
    """Return where a pod's files are."""
    return f"{PODS_DIR}/{uid}"


def secret_folder(uid: str) -> str:
    """Return where a pod's files are that must stay in memory."""
    return f"{SECRETS_DIR}/{uid}"


def log_directory(key: PodKey, uid: str) -> str:
    """Return where a pod's logs are."""
    return f"{LOGS_DIR}/{key.namespace}_{key.name}_{uid}"
