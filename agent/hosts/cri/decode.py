"""What containerd says that a sandbox or a container was made from, as configuration that can be compared.

``info["info"]`` of a verbose status is JSON with the configuration as it was given: Go's encoding of the CRI messages,
field names as in the .proto file, zero values left out, enums as numbers.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

import msgspec

from agent.model import labels
from agent.model.cri import (
    ContainerConfig,
    ContainerSecurity,
    EnvValue,
    LinuxResources,
    Mount,
    Namespaces,
    PortMapping,
    SandboxConfig,
)
from agent.model.value import Sensitive, Text

_NODE: Final = 2
_PROTOCOLS: Final[tuple[Literal["TCP", "UDP", "SCTP"], ...]] = ("TCP", "UDP", "SCTP")
Json = Mapping[str, Any]


def decode_sandbox(info: Mapping[str, str]) -> SandboxConfig | None:
    """Return a sandbox's configuration from its verbose status; None where containerd tells none."""
    config = _config(info)
    if config is None:
        return None
    metadata = _part(config, "metadata")
    linux = _part(config, "linux")
    security = _part(linux, "security_context")
    return SandboxConfig(
        name=metadata.get("name", ""),
        namespace=metadata.get("namespace", ""),
        uid=metadata.get("uid", ""),
        attempt=metadata.get("attempt", 0),
        hostname=config.get("hostname", ""),
        log_directory=config.get("log_directory", ""),
        port_mappings=tuple(_port(port) for port in config.get("port_mappings") or ()),
        labels=_part(config, "labels"),
        annotations=_part(config, "annotations"),
        cgroup_parent=linux.get("cgroup_parent", ""),
        namespaces=_namespaces(security),
        privileged=security.get("privileged", False),
    )


def decode_container(info: Mapping[str, str]) -> ContainerConfig | None:
    """Read a container's configuration from its verbose status, texts from Secrets wrapped. None where none is told."""
    config = _config(info)
    if config is None:
        return None
    metadata, linux = _part(config, "metadata"), _part(config, "linux")
    annotations = _part(config, "annotations")
    hidden = Hidden.of(annotations)
    return ContainerConfig(
        name=metadata.get("name", ""),
        attempt=metadata.get("attempt", 0),
        image=_part(config, "image").get("image", ""),
        command=_texts(config.get("command"), "command", hidden),
        args=_texts(config.get("args"), "args", hidden),
        working_dir=config.get("working_dir", ""),
        envs=tuple(
            EnvValue(name=env.get("key", ""), value=hidden.text(f"env:{env.get('key', '')}", env.get("value", "")))
            for env in config.get("envs") or ()
        ),
        mounts=tuple(
            Mount(
                container_path=mount.get("container_path", ""),
                host_path=mount.get("host_path", ""),
                readonly=mount.get("readonly", False),
            )
            for mount in config.get("mounts") or ()
        ),
        labels=_part(config, "labels"),
        annotations=annotations,
        log_path=config.get("log_path", ""),
        stdin=config.get("stdin", False),
        tty=config.get("tty", False),
        resources=_resources(_part(linux, "resources")),
        security=_security(_part(linux, "security_context")),
    )


class Hidden:
    """Which texts of a container came from Secrets, by its own annotation; all of its environment without one."""

    def __init__(self, places: Collection[str] | None) -> None:
        self._places = places

    @classmethod
    def of(cls, annotations: Mapping[str, str]) -> "Hidden":
        """Read the annotation."""
        written = annotations.get(labels.SENSITIVE)
        return cls(None if written is None else frozenset(written.split(",")))

    def text(self, place: str, content: str) -> Text:
        """Return a text, wrapped where its place (``env:NAME``, ``args:0``) is sensitive."""
        hidden = place.startswith("env:") if self._places is None else place in self._places
        return Sensitive(content) if hidden else content


def _texts(written: Any, kind: str, hidden: Hidden) -> tuple[Text, ...]:  # noqa: ANN401 - JSON
    return tuple(hidden.text(f"{kind}:{number}", text) for number, text in enumerate(written or ()))


def _port(port: Json) -> PortMapping:
    return PortMapping(
        container_port=port.get("container_port", 0),
        host_port=port.get("host_port", 0),
        protocol=_PROTOCOLS[port.get("protocol", 0)],
        host_ip=port.get("host_ip", ""),
    )


def _resources(resources: Json) -> LinuxResources:
    return LinuxResources(
        **{field: resources.get(field, 0) for field in LinuxResources.__struct_fields__}  # named as in CRI
    )


def _security(security: Json) -> ContainerSecurity:
    capabilities = _part(security, "capabilities")
    return ContainerSecurity(
        privileged=security.get("privileged", False),
        readonly_rootfs=security.get("readonly_rootfs", False),
        run_as_user=_wrapped(security, "run_as_user"),
        run_as_group=_wrapped(security, "run_as_group"),
        no_new_privs=security.get("no_new_privs", False),
        add_capabilities=tuple(capabilities.get("add_capabilities") or ()),
        drop_capabilities=tuple(capabilities.get("drop_capabilities") or ()),
        namespaces=_namespaces(security),
        masked_paths=tuple(security.get("masked_paths") or ()),
        readonly_paths=tuple(security.get("readonly_paths") or ()),
    )


def _wrapped(security: Json, field: str) -> int | None:
    """Return an Int64Value, whose zero Go leaves out as well: ``{}`` is 0, absent is None."""
    value = security.get(field)
    return None if value is None else int(value.get("value", 0))


def _namespaces(security: Json) -> Namespaces:
    network = _part(security, "namespace_options").get("network", 0)
    return Namespaces(network="host" if network == _NODE else "pod")


def _part(config: Json, name: str) -> Json:
    return config.get(name) or {}


def _config(info: Mapping[str, str]) -> Json | None:
    try:
        decoded = msgspec.json.decode(info.get("info", "{}"))
    except msgspec.DecodeError:
        return None
    config = decoded.get("config") if isinstance(decoded, dict) else None
    return config if isinstance(config, dict) else None
