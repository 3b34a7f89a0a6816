"""Live configuration against the desired one, field by field, in the words of the manifest.

What is compared is what ``alike`` compares; each kind of field has its own way to be shown.
"""

from collections.abc import Iterator
from typing import Final

from agent.model.cri import ContainerConfig, ContainerSecurity, LinuxResources, SandboxConfig
from agent.model.difference import Difference
from agent.model.labels import LIFECYCLE, NON_ROOT, POST_START, PROBES
from agent.model.objects.pod import Container, PodSpec
from agent.model.plan import FingerprintKey
from agent.model.value import Sensitive, Text, Value, reveal
from agent.planner.host import texts
from agent.planner.host.comparing.alike import message, mounted, own_mounts, same_texts
from agent.planner.host.comparing.hooks import hooks
from agent.planner.host.comparing.pod import pod_fields
from agent.planner.host.comparing.resources import resources
from agent.planner.host.comparing.security import security
from agent.planner.host.comparing.words import flag, plain

_NOTHING: Final = ContainerConfig(
    name="",
    image="",
    resources=LinuxResources(cpu_shares=2),
    security=ContainerSecurity(masked_paths=("/proc/kcore",)),
)
"""A container of which the manifest says nothing."""


class Comparison(Value, frozen=True, kw_only=True):
    """What comparing needs to speak the manifest's words: ``spec_path`` is where the PodSpec stands."""

    spec_path: str
    key: FingerprintKey
    spec: PodSpec

    def container(self, desired: ContainerConfig, live: ContainerConfig | None) -> tuple[Difference, ...]:
        """Return the fields in which a container differs; all that are set when there is no live one."""
        path, written = self._written(desired.name)
        old = live or _NOTHING
        return tuple(
            found
            for part in (
                plain(f"{path}.image", old.image, desired.image),
                _words(f"{path}.command", old.command, desired.command, self.key),
                _words(f"{path}.args", old.args, desired.args, self.key),
                plain(f"{path}.workingDir", old.working_dir, desired.working_dir),
                _environment(path, old, desired, self.key),
                _mounts(path, old, desired),
                flag(f"{path}.stdin", old=old.stdin, new=desired.stdin),
                flag(f"{path}.stdinOnce", old=old.stdin_once, new=desired.stdin_once),
                flag(f"{path}.tty", old=old.tty, new=desired.tty),
                plain(f"{path}.lifecycle.stopSignal", old.stop_signal, desired.stop_signal),
                _message(path, old, desired),
                plain(
                    f"{path}.securityContext.runAsNonRoot",
                    old.annotations.get(NON_ROOT, ""),
                    desired.annotations.get(NON_ROOT, ""),
                ),
                resources(path, None if live is None else live.resources, desired.resources, written),
                security(path, old.security, desired.security, self.spec),
                hooks(path, old.annotations.get(PROBES), desired.annotations.get(PROBES), suffix="Probe"),
                *(
                    hooks(f"{path}.lifecycle.{name}", old.annotations.get(label), desired.annotations.get(label))
                    for name, label in (("postStart", POST_START), ("preStop", LIFECYCLE))
                ),
            )
            for found in part
        )

    def _written(self, name: str) -> tuple[str, Container | None]:
        """Return where a container stands in the manifest, and what stands there."""
        for field, containers in (("initContainers", self.spec.init_containers), ("containers", self.spec.containers)):
            found = next((one for one in containers if one.name == name), None)
            if found is not None:
                return f"{self.spec_path}.{field}[{name}]", found
        return f"{self.spec_path}.containers[{name}]", None

    def sandbox(self, desired: SandboxConfig, live: SandboxConfig | None) -> tuple[Difference, ...]:
        """Return the fields of the pod itself in which a sandbox differs."""
        old = live or SandboxConfig(name="", namespace="", uid="", hostname=desired.hostname)
        return (
            *plain(f"{self.spec_path}.hostname", old.hostname, desired.hostname),
            *flag(f"{self.spec_path}.hostNetwork", old=old.host_network, new=desired.host_network),
            *self._host_ports(desired, old),
            *pod_fields(self.spec_path, self.spec, old, desired),
        )

    def _host_ports(self, desired: SandboxConfig, old: SandboxConfig) -> Iterator[Difference]:
        new_ports, old_ports = (
            {(one.container_port, one.protocol, one.host_ip): one.host_port for one in of.port_mappings}
            for of in (desired, old)
        )
        for which in sorted(new_ports.keys() | old_ports.keys()):
            before, after = old_ports.get(which), new_ports.get(which)
            if before != after:
                path = f"{self._port_path(which[0])}.hostPort"
                yield Difference(
                    path=path,
                    live=None if before is None else str(before),
                    desired=None if after is None else str(after),
                )

    def _port_path(self, port: int) -> str:
        every = self.spec.every_container
        owners = (one.name for one in every for had in one.ports if had.container_port == port)
        path, _ = self._written(next(owners, self.spec.containers[0].name))
        return f"{path}.ports[{port}]"


def _words(path: str, old: tuple[Text, ...], new: tuple[Text, ...], key: FingerprintKey) -> Iterator[Difference]:
    if same_texts(new, old):
        return
    secret = frozenset(number for number, text in enumerate(new) if isinstance(text, Sensitive))
    yield Difference(
        path=path,
        live=texts.shown_list(old, key, secret) if old else None,
        desired=texts.shown_list(new, key, secret) if new else None,
        sensitive=any(isinstance(text, Sensitive) for text in (*old, *new)),
    )


def _environment(
    path: str, live: ContainerConfig, desired: ContainerConfig, key: FingerprintKey
) -> Iterator[Difference]:
    old, new = ({one.name: one.value for one in of.envs} for of in (live, desired))
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is not None and after is not None and reveal(before) == reveal(after):
            continue
        # A value that has become a Secret's is masked on both sides: the live one may well be the same password.
        masked = isinstance(after, Sensitive)
        yield Difference(
            path=f"{path}.env[{name}]",
            live=None if before is None else texts.shown(before, key, masked=masked),
            desired=None if after is None else texts.shown(after, key),
            sensitive=masked or isinstance(before, Sensitive),
        )


def _mounts(path: str, live: ContainerConfig, desired: ContainerConfig) -> Iterator[Difference]:
    old, new = ({one.container_path: one for one in own_mounts(of.mounts)} for of in (live, desired))
    for where in sorted(old.keys() | new.keys()):
        before, after = old.get(where), new.get(where)
        if before is None or after is None or mounted(before) != mounted(after):
            yield Difference(
                path=f"{path}.volumeMounts[{where}]",
                live=None if before is None else texts.shown_mount(before),
                desired=None if after is None else texts.shown_mount(after),
            )


def _message(path: str, live: ContainerConfig, desired: ContainerConfig) -> Iterator[Difference]:
    had, wants = message(live).rpartition(" "), message(desired).rpartition(" ")
    yield from plain(f"{path}.terminationMessagePath", had[0], wants[0])
    yield from plain(f"{path}.terminationMessagePolicy", had[2], wants[2])
