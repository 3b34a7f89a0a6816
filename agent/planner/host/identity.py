"""A pod's uid, and the paths on the host that follow from it."""

import hashlib
import uuid
from typing import Final

import msgspec

from agent.model.cri import SandboxConfig
from agent.model.labels import LOGS_DIR, PODS_DIR, SECRETS_DIR
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import PodSpec, Volume
from agent.planner.host.rendering.jsontext import as_json

_NAMESPACE: Final = uuid.UUID("6e0a1d52-9f0c-5d0b-8a77-3a2f3b1c9e54")


def pod_uid(agent: str, key: PodKey, incarnation: str) -> str:
    """Return a pod's uid: the same for the same incarnation, so that a repaired pod keeps its uid and its files."""
    return str(uuid.uuid5(_NAMESPACE, f"{agent}/{key.namespace}/{key.name}/{incarnation}"))


def incarnation(spec: PodSpec, sandbox: SandboxConfig) -> str:
    """Return a digest of everything that cannot change within the life of a pod.

    That is what the sandbox is made from, which containers it has, and which volumes. Only what is set goes in, so
    that a field which a later release learns does not make every pod a new one. Labels, annotations and the cgroup
    parent stay out: they are no reason to take a running pod down. So does what the host adds: of the resolver's
    configuration only what the pod itself asks for counts.
    """
    shared = sandbox.namespaces
    fixed = {
        "hostname": sandbox.hostname,
        "ports": [msgspec.structs.astuple(port) for port in sandbox.port_mappings],
        "hostNetwork": sandbox.host_network,
        "privileged": sandbox.privileged,
        "containers": sorted(container.name for container in spec.containers),
        "volumes": sorted(_shape(volume) for volume in spec.volumes),
        "init": [container.name for container in spec.init_containers],
        "pid": "" if shared.pid == "container" else shared.pid,
        "ipc": "" if shared.ipc == "pod" else shared.ipc,
        "users": "" if shared.users == "host" else shared.users,
        "dns": [spec.dns_policy == "None", as_json(spec.dns_config)] if sandbox.dns is not None else None,
        "hosts": [spec.subdomain, *((one.ip, *one.hostnames) for one in spec.host_aliases)]
        if spec.subdomain or spec.host_aliases
        else None,
        "sysctls": sorted(sandbox.sysctls.items()),
        "selinux": as_json(sandbox.selinux),
        "runtime": sandbox.runtime_handler,
        "resources": [sorted(spec.resources.limits.items()), sorted(spec.resources.requests.items())]
        if spec.resources is not None
        else None,
    }
    chosen = {name: value for name, value in fixed.items() if value}
    return hashlib.sha256(msgspec.json.encode(chosen, order="sorted")).hexdigest()


def _shape(volume: Volume) -> tuple[str, ...]:
    """Return what of a volume another one would differ in; what its files say may change."""
    medium = volume.empty_dir.medium if volume.empty_dir else ""
    kinds: tuple[tuple[str, object, tuple[str, ...]], ...] = (
        ("configMap", volume.config_map, (volume.config_map.name,) if volume.config_map else ()),
        ("secret", volume.secret, (volume.secret.secret_name,) if volume.secret else ()),
        ("hostPath", volume.host_path, (volume.host_path.path,) if volume.host_path else ()),
        ("nfs", volume.nfs, (volume.nfs.server, volume.nfs.path) if volume.nfs else ()),
        (
            "persistentVolumeClaim",
            volume.persistent_volume_claim,
            (volume.persistent_volume_claim.claim_name,) if volume.persistent_volume_claim else (),
        ),
        ("projected", volume.projected, ()),
        ("downwardAPI", volume.downward_api, ()),
        ("ephemeral", volume.ephemeral, ()),
        ("image", volume.image, ()),
    )
    found = next(((kind, *what) for kind, source, what in kinds if source is not None), ("emptyDir", medium))
    return (volume.name, *found)


def pod_folder(uid: str) -> str:
    """Return where a pod's files are."""
    return f"{PODS_DIR}/{uid}"


def secret_folder(uid: str) -> str:
    """Return where a pod's files are that must stay in memory."""
    return f"{SECRETS_DIR}/{uid}"


def log_directory(key: PodKey, uid: str) -> str:
    """Return where a pod's logs are."""
    return f"{LOGS_DIR}/{key.namespace}_{key.name}_{uid}"


def etc_hosts_path(uid: str) -> str:
    """Return where the file is that a pod sees as /etc/hosts."""
    return f"{pod_folder(uid)}/etc-hosts"


def message_file(uid: str, container: str, attempt: int) -> str:
    """Return where an attempt of a container says why it ends."""
    return f"{message_folder(uid)}{container}/{attempt}"


def message_folder(uid: str) -> str:
    """Return what the paths of all those files of a pod begin with."""
    return f"{pod_folder(uid)}/containers/"
