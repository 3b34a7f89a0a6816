"""What containerd says that a sandbox or a container was made from, as configuration that can be compared.

``info["info"]`` of a verbose status is JSON with the configuration as it was given (Go's encoding of the CRI messages,
field names as in the .proto file, zero values left out, enums as numbers) and with the OCI runtime's own, which also
shows what was changed since. It is a host's word: what is of another type than it should be is an error here, and not
in the planner of the whole fleet.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, TypeVar

import msgspec

from agent.hosts.cri.limits import OciSpec, live_resources
from agent.hosts.files.subpath import as_asked_for
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model import labels
from agent.model.cri import (
    ContainerConfig,
    ContainerSecurity,
    Dns,
    EnvValue,
    Mount,
    Namespaces,
    PortMapping,
    Profile,
    SandboxConfig,
    SelinuxLabel,
)
from agent.model.typed import decoder, prepare
from agent.model.value import Sensitive, Text

_POD: Final = 0
_NODE: Final = 2
_PROTOCOLS: Final[tuple[Literal["TCP", "UDP", "SCTP"], ...]] = ("TCP", "UDP", "SCTP")
_PROPAGATION: Final[tuple[Literal["private", "host-to-container", "bidirectional"], ...]] = (
    "private",
    "host-to-container",
    "bidirectional",
)
_PROFILES: Final[tuple[Literal["runtime-default", "unconfined", "localhost"], ...]] = (
    "runtime-default",
    "unconfined",
    "localhost",
)
Json = Mapping[str, Any]
T = TypeVar("T")


class _Info(msgspec.Struct, rename="camel"):
    """The JSON of a verbose status, as far as it is read; by far the most of it is skipped."""

    config: dict[str, Any] | None = None
    runtime_spec: OciSpec | None = None
    runtime_handler: str = ""


def decode_sandbox(info: Mapping[str, str]) -> SandboxConfig | None:
    """Return a sandbox's configuration from its verbose status; None where containerd tells none.

    Raises what Python raises where the configuration is none, as ``decode_container`` does.
    """
    told = _told(info)
    config = told.config
    if config is None:
        return None
    metadata = _part(config, "metadata")
    linux = _part(config, "linux")
    security = _part(linux, "security_context")
    return _made(
        SandboxConfig,
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
        dns=_dns(config.get("dns_config")),
        sysctls=_part(linux, "sysctls"),
        supplemental_groups=tuple(security.get("supplemental_groups") or ()),
        run_as_user=_wrapped(security, "run_as_user"),
        run_as_group=_wrapped(security, "run_as_group"),
        selinux=_selinux(security),
        runtime_handler=told.runtime_handler,
    )


def decode_container(info: Mapping[str, str]) -> ContainerConfig | None:
    """Read a container's configuration from its verbose status, texts from Secrets wrapped. None where none is told."""
    told = _told(info)
    config = told.config
    if config is None:
        return None
    metadata, linux = _part(config, "metadata"), _part(config, "linux")
    annotations = _part(config, "annotations")
    hidden = Hidden.of(annotations)
    signal = config.get("stop_signal", 0)
    return _made(
        ContainerConfig,
        name=metadata.get("name", ""),
        attempt=metadata.get("attempt", 0),
        image=_part(config, "image").get("image", ""),
        command=_texts(config.get("command"), "command", hidden),
        args=_texts(config.get("args"), "args", hidden),
        working_dir=config.get("working_dir", ""),
        envs=tuple(
            _made(
                EnvValue, name=env.get("key", ""), value=hidden.text(f"env:{env.get('key', '')}", env.get("value", ""))
            )
            for env in config.get("envs") or ()
        ),
        mounts=as_asked_for(tuple(_mount(mount) for mount in config.get("mounts") or ()), annotations),
        labels=_part(config, "labels"),
        annotations=annotations,
        log_path=config.get("log_path", ""),
        stdin=config.get("stdin", False),
        stdin_once=config.get("stdin_once", False),
        tty=config.get("tty", False),
        stop_signal=pb.Signal.Name(signal) if signal in pb.Signal.values() and signal else "",
        resources=live_resources(_part(linux, "resources"), told.runtime_spec),
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
        return Sensitive(msgspec.convert(content, str)) if hidden else content


def _texts(written: Any, kind: str, hidden: Hidden) -> tuple[Text, ...]:  # noqa: ANN401 - JSON
    return tuple(hidden.text(f"{kind}:{number}", text) for number, text in enumerate(written or ()))


def _port(port: Json) -> PortMapping:
    return _made(
        PortMapping,
        container_port=port.get("container_port", 0),
        host_port=port.get("host_port", 0),
        protocol=_PROTOCOLS[port.get("protocol", 0)],
        host_ip=port.get("host_ip", ""),
    )


def _mount(mount: Json) -> Mount:
    image = _part(mount, "image").get("image", "")
    return _made(
        Mount,
        container_path=mount.get("container_path", ""),
        # Where containerd put an image's content itself, it writes down as if it had been told.
        host_path="" if image else mount.get("host_path", ""),
        readonly=mount.get("readonly", False),
        propagation=_PROPAGATION[mount.get("propagation", 0)],
        recursive_read_only=mount.get("recursive_read_only", False),
        image=image,
    )


def _dns(written: Json | None) -> Dns | None:
    if written is None:
        return None
    return _made(
        Dns,
        servers=tuple(written.get("servers") or ()),
        searches=tuple(written.get("searches") or ()),
        options=tuple(written.get("options") or ()),
    )


def _security(security: Json) -> ContainerSecurity:
    capabilities = _part(security, "capabilities")
    apparmor, seccomp = security.get("apparmor"), security.get("seccomp")
    return _made(
        ContainerSecurity,
        privileged=security.get("privileged", False),
        readonly_rootfs=security.get("readonly_rootfs", False),
        run_as_user=_wrapped(security, "run_as_user"),
        run_as_group=_wrapped(security, "run_as_group"),
        run_as_username=security.get("run_as_username", ""),
        no_new_privs=security.get("no_new_privs", False),
        add_capabilities=tuple(capabilities.get("add_capabilities") or ()),
        drop_capabilities=tuple(capabilities.get("drop_capabilities") or ()),
        namespaces=_namespaces(security),
        supplemental_groups=tuple(security.get("supplemental_groups") or ()),
        supplemental_groups_policy="strict" if security.get("supplemental_groups_policy") else "merge",
        seccomp=Profile() if seccomp is None else _profile(seccomp),
        apparmor=None if apparmor is None else _profile(apparmor),
        selinux=_selinux(security),
        masked_paths=tuple(security.get("masked_paths") or ()),
        readonly_paths=tuple(security.get("readonly_paths") or ()),
    )


def _profile(written: Json) -> Profile:
    return _made(Profile, type=_PROFILES[written.get("profile_type", 0)], localhost=written.get("localhost_ref", ""))


def _selinux(security: Json) -> SelinuxLabel | None:
    label = security.get("selinux_options")
    if label is None:
        return None
    return _made(
        SelinuxLabel,
        user=label.get("user", ""),
        role=label.get("role", ""),
        type=label.get("type", ""),
        level=label.get("level", ""),
    )


def _wrapped(security: Json, field: str) -> int | None:
    """Return an Int64Value, whose zero Go leaves out as well: ``{}`` is 0, absent is None."""
    value = security.get(field)
    return None if value is None else int(value.get("value", 0))


def _namespaces(security: Json) -> Namespaces:
    options = security.get("namespace_options")
    if options is None:
        return Namespaces()
    pid = options.get("pid", _POD)
    mapped = _part(options, "userns_options").get("uids") or ()
    return _made(
        Namespaces,
        network="host" if options.get("network") == _NODE else "pod",
        pid="host" if pid == _NODE else "pod" if pid == _POD else "container",
        ipc="host" if options.get("ipc") == _NODE else "pod",
        users="pod" if mapped else "host",
        user_mapping=(mapped[0].get("host_id", 0), mapped[0].get("length", 0)) if mapped else None,
    )


prepare(ContainerConfig, SandboxConfig)  # and with them all that they are made of


def _made(kind: type[T], **fields: Any) -> T:  # noqa: ANN401 - JSON
    """Return a value like its constructor does, with the types of its fields checked."""
    return msgspec.convert(fields, kind)


def _part(config: Json, name: str) -> Json:
    return config.get(name) or {}


_INFO: Final = decoder(_Info)


def _told(info: Mapping[str, str]) -> _Info:
    try:
        return _INFO.decode(info.get("info", "{}"))
    except msgspec.DecodeError:
        return _Info()
