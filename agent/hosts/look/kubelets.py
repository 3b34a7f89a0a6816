"""Whether a kubelet uses the containerd that we are told to use: it would remove pods that it does not know."""

import re
from collections.abc import Iterable
from typing import Final

# Programs that hold a kubelet. Those of k3s and its like have a containerd of their own, which is only ours to refuse
# when it is the one that we are told to use; the same goes for a kubelet that names another runtime.
_KUBELETS: Final = "kubelet|kubelite|k3s|k3s-server|k3s-agent|rke2"

# A part of the facts' script. What runs in other namespaces is another host's.
SCRIPT: Final = r"""
for comm in $(grep -lsxE '@KUBELETS@' /proc/[0-9]*/comm); do
  process=${comm%/comm}
  here=$(readlink /proc/self/ns/mnt) there=$(readlink "$process/ns/mnt")
  [ -n "$there" ] && [ "$here" != "$there" ] && continue
  printf 'kubelet %s\0' "$(tr '\0' ' ' <"$process/cmdline" | head -c 4000)"
  grep -shE '^[[:space:]]*containerRuntimeEndpoint:' /var/lib/kubelet/config.yaml | head -n 1 |
    { read -r _ endpoint && printf 'kubelet-endpoint %s\0' "$endpoint"; }
done
""".replace("@KUBELETS@", _KUBELETS)


def parse(entries: Iterable[str], socket_path: str) -> str:
    """Return the command line of the kubelet that uses our socket; empty where none does.

    A kubelet that names no endpoint is taken to use it: refusing wrongly is repaired by hand, its removing our pods
    is not.
    """
    commands, configured = [], ""
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "kubelet":
            commands.append(rest)
        elif kind == "kubelet-endpoint":
            configured = rest
    for command in commands:
        found = re.search(r"--container-runtime-endpoint[= ](\S+)", command)
        endpoint = found[1] if found else configured
        own_containerd = re.search(r"k3s|rke2|kubelite", command.split(" ", 1)[0])
        if own_containerd and not endpoint:
            if re.search(r"/(k3s|rke2|snap/microk8s|microk8s)/", socket_path):
                return command
            continue
        if not endpoint or endpoint.strip("\"'").removeprefix("unix://") == socket_path:
            return command
    return ""
