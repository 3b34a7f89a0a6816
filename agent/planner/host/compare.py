"""Live configuration against the desired one, field by field, in the words of the manifest.

What is not compared: attempt, log path, labels and annotations (they keep the books, or cannot be changed), masked
and read-only paths (a release may learn new ones: no reason to restart anything).
"""

from collections.abc import Iterator
from typing import Final

from agent.model.cri import ContainerConfig, ContainerSecurity, LinuxResources, Mount, SandboxConfig
from agent.model.difference import Difference
from agent.model.objects.pod import Container, PodSpec
from agent.model.plan import FingerprintKey
from agent.model.value import Sensitive, Text, Value, reveal
from agent.planner.host import texts

_OOM_TOLERANCE: Final = 2
"""oom_score_adj follows from the host's memory, whose reading may move a little: no reason to restart."""


def alike(desired: ContainerConfig, live: ContainerConfig) -> bool:
    """Tell whether a container runs what it should. Quick: this is asked for every container in every pass."""
    return (
        desired.image == live.image
        and _same_texts(desired.command, live.command)
        and _same_texts(desired.args, live.args)
        and desired.working_dir == live.working_dir
        and desired.mounts == live.mounts
        and desired.stdin == live.stdin
        and desired.tty == live.tty
        and _same_resources(desired.resources, live.resources)
        and _security_fields(desired.security) == _security_fields(live.security)
        and (
            desired.envs == live.envs
            or {one.name: reveal(one.value) for one in desired.envs}
            == {one.name: reveal(one.value) for one in live.envs}
        )
    )


def _same_texts(desired: tuple[Text, ...], live: tuple[Text, ...]) -> bool:
    return desired == live or [reveal(text) for text in desired] == [reveal(text) for text in live]


def _same_resources(desired: LinuxResources, live: LinuxResources) -> bool:
    return desired == live or (
        desired.cpu_quota == live.cpu_quota
        and desired.cpu_shares == live.cpu_shares
        and desired.memory_limit_in_bytes == live.memory_limit_in_bytes
        and abs(desired.oom_score_adj - live.oom_score_adj) <= _OOM_TOLERANCE
    )


def _security_fields(security: ContainerSecurity) -> tuple[object, ...]:
    return (
        security.privileged,
        security.readonly_rootfs,
        security.run_as_user,
        security.run_as_group,
        security.no_new_privs,
        security.add_capabilities,
        security.drop_capabilities,
    )


class Comparison(Value, frozen=True, kw_only=True):
    """What comparing needs to speak the manifest's words: ``spec_path`` is where the PodSpec stands."""

    spec_path: str
    key: FingerprintKey
    spec: PodSpec

    def container(self, desired: ContainerConfig, live: ContainerConfig | None) -> tuple[Difference, ...]:
        """Return the fields in which a container differs; all that are set when there is no live one."""
        written = next((one for one in self.spec.containers if one.name == desired.name), None)
        path = f"{self.spec_path}.containers[{desired.name}]"
        old = live or ContainerConfig(name=desired.name, image="", resources=LinuxResources(cpu_shares=2))
        return tuple(
            found
            for part in (
                _plain(f"{path}.image", old.image, desired.image),
                _words(f"{path}.command", old.command, desired.command, self.key),
                _words(f"{path}.args", old.args, desired.args, self.key),
                _plain(f"{path}.workingDir", old.working_dir, desired.working_dir),
                _environment(path, old, desired, self.key),
                _mounts(path, old, desired),
                _flag(f"{path}.stdin", old=old.stdin, new=desired.stdin),
                _flag(f"{path}.tty", old=old.tty, new=desired.tty),
                _resources(path, None if live is None else live.resources, desired.resources, written),
                _security(path, old.security, desired.security),
            )
            for found in part
        )

    def sandbox(self, desired: SandboxConfig, live: SandboxConfig | None) -> tuple[Difference, ...]:
        """Return the fields of the pod itself in which a sandbox differs."""
        old = live or SandboxConfig(name="", namespace="", uid="", hostname=desired.hostname)
        return (
            *_plain(f"{self.spec_path}.hostname", old.hostname, desired.hostname),
            *_flag(f"{self.spec_path}.hostNetwork", old=old.host_network, new=desired.host_network),
            *self._host_ports(desired, old),
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
                yield Difference(path=path, live=_or_none(before), desired=_or_none(after))

    def _port_path(self, port: int) -> str:
        owners = (one.name for one in self.spec.containers for had in one.ports if had.container_port == port)
        name = next(owners, self.spec.containers[0].name)
        return f"{self.spec_path}.containers[{name}].ports[{port}]"


def _or_none(value: int | None) -> str | None:
    return None if value is None else str(value)


def _plain(path: str, old: str, new: str) -> Iterator[Difference]:
    if old != new:
        yield Difference(path=path, live=texts.cut(old) or None, desired=texts.cut(new) or None)


def _flag(path: str, *, old: bool, new: bool) -> Iterator[Difference]:
    if old != new:
        yield Difference(path=path, live=str(old).lower(), desired=str(new).lower())


def _words(path: str, old: tuple[Text, ...], new: tuple[Text, ...], key: FingerprintKey) -> Iterator[Difference]:
    if _same_texts(new, old):
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
    old, new = ({one.container_path: _mounted(one) for one in of.mounts} for of in (live, desired))
    for where in sorted(old.keys() | new.keys()):
        if old.get(where) != new.get(where):
            yield Difference(path=f"{path}.volumeMounts[{where}]", live=old.get(where), desired=new.get(where))


def _mounted(mount: Mount) -> str:
    """Return what is mounted, without the pod's uid in the path: a new uid alone is no difference to a reader."""
    before, volumes, after = mount.host_path.partition("/volumes/")
    what = f"{after.replace('/', ' ', 1)}" if volumes and before.rpartition("/")[0].endswith("/pods") else before
    return f"{what} (read-only)" if mount.readonly else what


def _resources(
    path: str, live: LinuxResources | None, desired: LinuxResources, written: Container | None
) -> Iterator[Difference]:
    old = live or LinuxResources(cpu_shares=2, oom_score_adj=desired.oom_score_adj)
    limits = written.resources.limits if written else {}
    requests = written.resources.requests if written else {}
    for name, before, after, show, text in (
        ("limits.cpu", old.cpu_quota, desired.cpu_quota, _quota, limits.get("cpu")),
        ("limits.memory", old.memory_limit_in_bytes, desired.memory_limit_in_bytes, _memory, limits.get("memory")),
        ("requests.cpu", old.cpu_shares, desired.cpu_shares, _request, requests.get("cpu", limits.get("cpu"))),
    ):
        if before != after:
            wanted = show(after)
            asked = None if wanted is None else str(text or wanted)
            yield Difference(path=f"{path}.resources.{name}", live=show(before), desired=asked)
    if abs(old.oom_score_adj - desired.oom_score_adj) > _OOM_TOLERANCE:
        yield Difference(
            path=f"{path}.resources.requests.memory",
            live=f"(oom_score_adj {old.oom_score_adj})",
            desired=f"{requests.get('memory', 'none')} (oom_score_adj {desired.oom_score_adj})",
        )


def _quota(quota: int) -> str | None:
    return f"{quota / 100:g}m" if quota > 0 else None


def _memory(count: int) -> str | None:
    return texts.shown_bytes(count) if count > 0 else None


def _request(shares: int) -> str | None:
    return f"{shares * 1000 / 1024:.3g}m" if shares > 2 else None


def _security(path: str, old: ContainerSecurity, new: ContainerSecurity) -> Iterator[Difference]:
    at = f"{path}.securityContext"
    yield from _flag(f"{at}.privileged", old=old.privileged, new=new.privileged)
    yield from _flag(f"{at}.readOnlyRootFilesystem", old=old.readonly_rootfs, new=new.readonly_rootfs)
    yield from _flag(f"{at}.allowPrivilegeEscalation", old=not old.no_new_privs, new=not new.no_new_privs)
    for name, before, after in (
        ("runAsUser", old.run_as_user, new.run_as_user),
        ("runAsGroup", old.run_as_group, new.run_as_group),
    ):
        if before != after:
            yield Difference(path=f"{at}.{name}", live=_or_none(before), desired=_or_none(after))
    for name, had, wanted in (
        ("add", old.add_capabilities, new.add_capabilities),
        ("drop", old.drop_capabilities, new.drop_capabilities),
    ):
        yield from _plain(f"{at}.capabilities.{name}", ", ".join(had), ", ".join(wanted))
