"""What differs of a pod itself: what it shares with the host, how it resolves names, what runs it."""

from collections.abc import Iterator

from agent.model.cri import Dns, SandboxConfig
from agent.model.difference import Difference
from agent.model.objects.pod import PodSpec
from agent.planner.host.comparing.words import flag, label, plain, several


def pod_fields(path: str, spec: PodSpec, old: SandboxConfig, new: SandboxConfig) -> Iterator[Difference]:
    """Yield what differs of a sandbox, beside its name and its ports."""
    had, wants = old.namespaces, new.namespaces
    yield from flag(f"{path}.hostPID", old=had.pid == "host", new=wants.pid == "host")
    yield from flag(f"{path}.hostIPC", old=had.ipc == "host", new=wants.ipc == "host")
    yield from flag(f"{path}.shareProcessNamespace", old=had.pid == "pod", new=wants.pid == "pod")
    yield from flag(f"{path}.hostUsers", old=had.users == "host", new=wants.users == "host")
    yield from plain(f"{path}.runtimeClassName", old.runtime_handler, new.runtime_handler)
    if spec.dns_policy == "None" or spec.dns_config is not None or old.dns is not None:
        yield from _dns(f"{path}.dnsConfig", old.dns or Dns(), new.dns or Dns())
    at = f"{path}.securityContext"
    for name in sorted(old.sysctls.keys() | new.sysctls.keys()):
        yield from plain(f"{at}.sysctls[{name}]", old.sysctls.get(name, ""), new.sysctls.get(name, ""))
    yield from plain(f"{at}.seLinuxOptions", label(old.selinux), label(new.selinux))


def _dns(path: str, old: Dns, new: Dns) -> Iterator[Difference]:
    yield from several(f"{path}.nameservers", old.servers, new.servers)
    yield from several(f"{path}.searches", old.searches, new.searches)
    yield from several(f"{path}.options", old.options, new.options)
