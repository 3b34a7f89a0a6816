"""What a container may use: as its configuration says, and as the OCI runtime was last told."""

from collections.abc import Mapping
from typing import Any

import msgspec

from agent.model.cri import LinuxResources
from agent.model.typed import prepare


class _Cpu(msgspec.Struct):
    shares: int | None = None
    quota: int | None = None
    period: int | None = None


class _Memory(msgspec.Struct):
    limit: int | None = None


class _Resources(msgspec.Struct):
    cpu: _Cpu | None = None
    memory: _Memory | None = None


class _Linux(msgspec.Struct):
    resources: _Resources | None = None


class OciSpec(msgspec.Struct):
    """The OCI runtime's configuration, as far as it changes in a container's life."""

    linux: _Linux | None = None


prepare(LinuxResources)


def live_resources(written: Mapping[str, Any], spec: OciSpec | None) -> LinuxResources:
    """Return the limits in force: the configuration's, with what was changed in place since."""
    pages = [{"page_size": "", "limit": 0, **one} for one in written.get("hugepage_limits") or ()]
    told = {**written, "hugepage_limits": pages, "unified": written.get("unified") or {}}
    first = msgspec.convert(told, LinuxResources)  # Go leaves zeros out, as the type does
    resources = spec.linux.resources if spec is not None and spec.linux is not None else None
    if resources is None:
        return first
    cpu, memory = resources.cpu or _Cpu(), resources.memory or _Memory()
    return msgspec.structs.replace(
        first,
        cpu_period=_limit(cpu.period, first.cpu_period),
        cpu_quota=_limit(cpu.quota, first.cpu_quota),
        cpu_shares=_limit(cpu.shares, first.cpu_shares),
        memory_limit_in_bytes=_limit(memory.limit, first.memory_limit_in_bytes),
    )


def _limit(told: int | None, written: int) -> int:
    """Return a setting; below 0 is how a limit is lifted."""
    return written if told is None else max(told, 0)
