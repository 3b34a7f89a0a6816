"""Kernel parameters of a pod's own namespaces."""

from typing import Final

from agent.model.objects.pod import PodSpec

_IPC: Final = ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")
_NETWORK: Final = "net."


def pod_sysctls(spec: PodSpec) -> dict[str, str]:
    """Return a pod's kernel parameters by name, parts separated by dots."""
    written = spec.security_context.sysctls if spec.security_context else ()
    return {_dotted(one.name): one.value for one in written}


def refused_sysctl(spec: PodSpec) -> str | None:
    """Return why some parameter cannot be set: it is not the pod's alone."""
    for name in pod_sysctls(spec):
        if name.startswith(_NETWORK):
            if spec.host_network:
                return f"sysctl {name}: a pod with hostNetwork would set it for the whole host"
        elif name.startswith(_IPC):
            if spec.host_ipc:
                return f"sysctl {name}: a pod with hostIPC would set it for the whole host"
        else:
            return f"sysctl {name} belongs to no namespace: it would be set for the whole host"
    return None


def _dotted(name: str) -> str:
    """Return a name as written with dots; with slashes, dots in it are part of a name (``net/ipv4/conf/eth0.1``)."""
    first = next((character for character in name if character in "./"), "")
    return name.translate(str.maketrans("./", "/.")) if first == "/" else name
