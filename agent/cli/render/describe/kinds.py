"""The kinds whose description is short."""

import base64
import binascii
from collections.abc import Iterable

import msgspec

from agent.cli.render.describe.lines import NONE, block, headed, mapped, moment, shown
from agent.cli.render.describe.told import Subject
from agent.cli.render.table import table
from agent.model.objects import ConfigMap, Deployment, Host, Secret
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.storage import PersistentVolume, StorageClass
from agent.model.status import PodStatus

_MOST_LINES = 200


def deployment(subject: Subject) -> list[str]:
    """Describe a Deployment: its counts, its template, its pods."""
    body, status = subject.body, subject.status
    if not isinstance(body, Deployment):
        return []
    spec, told = body.spec, []
    if status is not None:
        counts = (
            f"{spec.replicas} desired | {status.updated} updated | {len(status.pods)} total | "
            f"{status.available} available | {max(0, spec.replicas - status.available)} unavailable"
        )
        told = [("Replicas", counts), ("Status", _because(status.phase, status.reason, status.message))]
    rolling = spec.strategy.rolling_update
    return [
        *block(
            [
                ("Selector", mapped(spec.selector.match_labels)),
                *told,
                ("StrategyType", spec.strategy.type),
                ("MinReadySeconds", str(spec.min_ready_seconds)),
                *(
                    [("RollingUpdate", f"{rolling.max_unavailable} max unavailable, {rolling.max_surge} max surge")]
                    if rolling
                    else []
                ),
                ("Images", [container.image for container in spec.template.spec.every_container]),
            ]
        ),
        *headed("Pods", _pods(subject.pods)),
    ]


def host(subject: Subject) -> list[str]:
    """Describe a host: how it is reached, what it has, what runs there."""
    body, state = subject.body, subject.host
    if not isinstance(body, Host):
        return []
    spec = body.spec
    reached = f"{spec.ssh.address}:{spec.ssh.port or 22}" if spec.ssh else "local"
    pairs: list[tuple[str, str | list[str]]] = [
        ("Reached", reached),
        ("Unschedulable", str(spec.unschedulable).lower()),
        ("Taints", [f"{taint.key}={taint.value}:{taint.effect}" for taint in spec.taints]),
    ]
    if state is not None:
        word = "Ready" if state.seen else "Refused" if state.refused else "Unseen"
        pairs += [("Status", _because(word, "", state.reason)), ("Since", moment(state.since, subject.now) or NONE)]
        pairs.append(("Pods", f"{state.unchanged} as desired of {state.wanted}"))
    if state is not None and (facts := state.facts) is not None:
        pairs += [
            ("Runtime", f"{facts.name} {facts.version}"),
            ("Addresses", list(facts.addresses)),
            ("Capacity", [f"cpu: {facts.cpu_millis}m", f"memory: {facts.memory_bytes // 1024}Ki"]),
            ("Allocatable", mapped(spec.allocatable, between=": ")),
            ("Cgroups", f"v{facts.cgroup_version}, {facts.cgroup_driver}"),
            ("Features", list(facts.features)),
        ]
        pairs += [("Says", facts.message)] if facts.message else []
        pairs += [
            (f"Disk ({name})", f"{disk.used_bytes // 2**20}Mi used of {disk.size_bytes // 2**20}Mi on {disk.path}")
            for name, disk in sorted(state.disks.items())
        ]
    return [*block(pairs), *headed("Pods", _pods(subject.pods))]


def config_map(subject: Subject) -> list[str]:
    """Describe a ConfigMap: its content."""
    body = subject.body
    if not isinstance(body, ConfigMap):
        return []
    lines: list[str] = []
    for key, value in sorted(body.data.items()):
        content = value.splitlines()
        lines += [f"{shown(key)}:", "----", *map(shown, content[:_MOST_LINES])]
        lines += [f"… ({len(content) - _MOST_LINES} lines more)"] if len(content) > _MOST_LINES else []
        lines.append("")
    return ["", "Data", "====", *lines, "BinaryData", "====", *_sizes(body.binary_data.items()), ""]


def secret(subject: Subject) -> list[str]:
    """Describe a Secret: its keys and their sizes, never more."""
    body = subject.body
    if not isinstance(body, Secret):
        return []
    plain = {key: f"{len(value.encode())} bytes" for key, value in body.string_data.items()}
    encoded = dict(_size(key, value) for key, value in body.data.items())
    sizes = sorted({**encoded, **plain}.items())
    return [*block([("Type", body.type)]), "", "Data", "====", *(block(sizes) if sizes else [NONE]), ""]


def _sizes(values: Iterable[tuple[str, str]]) -> list[str]:
    return block([_size(key, value) for key, value in sorted(values)])


def _size(key: str, encoded: str) -> tuple[str, str]:
    try:
        return key, f"{len(base64.b64decode(encoded))} bytes"
    except binascii.Error:
        return key, "not base64"


def claim(subject: Subject) -> list[str]:
    """Describe a PersistentVolumeClaim."""
    body = subject.body
    if not isinstance(body, PersistentVolumeClaim):
        return []
    spec = body.spec
    return block(
        [
            ("StorageClass", spec.storage_class_name or NONE),
            ("Status", _status(subject)),
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
            ("Status", _status(subject)),
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


def runtime_class(subject: Subject) -> list[str]:
    """Describe a RuntimeClass."""
    body = subject.body
    if not isinstance(body, RuntimeClass):
        return []
    overhead = body.overhead.pod_fixed if body.overhead else {}
    return block(
        [
            ("Handler", body.handler),
            ("Overhead", mapped({name: str(value) for name, value in overhead.items()}, between=": ")),
            ("Host-Selectors", mapped(body.scheduling.node_selector) if body.scheduling else []),
        ]
    )


def _status(subject: Subject) -> str:
    status = subject.status
    return _because(status.phase, status.reason, status.message) if status else NONE


def _because(word: str, reason: str, message: str) -> str:
    return ": ".join(part for part in (word, reason, message) if part)


def _pods(pods: tuple[PodStatus, ...]) -> list[str]:
    rows = [(str(pod.key), pod.reason or pod.phase, str(pod.ready), pod.host, pod.message) for pod in pods]
    return [f"  {line}" for line in table(("Name", "Status", "Ready", "Host", "Message"), rows)] if rows else []
