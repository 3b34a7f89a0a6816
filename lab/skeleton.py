"""The files that make a host a host: users, sshd, containerd, CNI. Laid over the machine's own when it boots."""

import json
import os
from pathlib import Path

from lab.network import pod_ranges

USER = "op"
_USER_ID = 1500
PAUSE = "pause:1"


def write(folder: Path, host: str, index: int, registry: str, authorized_key: str) -> None:
    """Write all files of a host; the host keys are made apart, by ssh-keygen."""
    host_file = f"127.0.0.1 localhost {host}\n::1 localhost {host}\n"
    hosts_toml = f'server = "http://{registry}"\n[host."http://{registry}"]\n  capabilities = ["pull", "resolve"]\n'
    permit = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "session"))
    files: dict[str, tuple[int, str]] = {
        "etc/hostname": (0o644, f"{host}\n"),
        "etc/hosts": (0o644, host_file),
        "etc/resolv.conf": (0o644, "# No resolver: a lab sends nothing outside.\n"),
        "etc/nsswitch.conf": (0o644, "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"),
        "etc/passwd": (0o644, _passwd()),
        "etc/group": (0o644, _group()),
        "etc/shadow": (0o600, _shadow()),
        "etc/sudoers": (0o440, f"root ALL=(ALL:ALL) ALL\n{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n"),
        "etc/pam.d/sudo": (0o644, permit),
        "etc/pam.d/other": (0o644, permit.replace("permit", "deny")),
        "etc/ssh/lab_authorized_keys": (0o644, authorized_key),
        "etc/ssh/sshd_config": (0o644, _SSHD),
        "etc/containerd/config.toml": (0o644, _CONTAINERD.replace("REGISTRY", registry)),
        f"etc/containerd/certs.d/{registry}/hosts.toml": (0o644, hosts_toml),
        # The examples' images come from here too, so that they run as they are written.
        "etc/containerd/certs.d/registry.example.com/hosts.toml": (0o644, hosts_toml),
        "etc/cni/net.d/10-lab.conflist": (0o644, _cni(index)),
        "usr/local/bin/spare-runc": (0o755, _SPARE),
    }
    for name, (mode, text) in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def home(data: Path) -> None:
    """Make the home folder of the unprivileged user, which a host keeps over a reboot."""
    path = data / "home" / USER
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)
    os.chown(path, _USER_ID, _USER_ID)


def _system_lines(name: str) -> list[list[str]]:
    """Entries of the machine's system users or groups, without the people who work on it."""
    lines = [line.split(":") for line in Path("/etc", name).read_text().splitlines() if line.count(":") > 1]
    return [line for line in lines if line[0] not in {"root", USER} and not 1000 <= int(line[2]) < 60000]


def _passwd() -> str:
    own = f"root:x:0:0:root:/root:/bin/dash\n{USER}:x:{_USER_ID}:{_USER_ID}::/home/{USER}:/bin/dash\n"
    return own + "".join(":".join(line) + "\n" for line in _system_lines("passwd"))


def _group() -> str:
    return f"root:x:0:\n{USER}:x:{_USER_ID}:\n" + "".join(":".join(line) + "\n" for line in _system_lines("group"))


def _shadow() -> str:
    # "*" is no password; "!" would be a locked account, which sshd refuses even with a key.
    names = ["root", USER, *(line[0] for line in _system_lines("passwd"))]
    return "".join(f"{name}:*:19000:0:99999:7:::\n" for name in names)


_SSHD = """\
# A lean sshd: what trimtab needs of it, and nothing that costs time at every login.
ListenAddress 0.0.0.0
ListenAddress ::
HostKey /etc/ssh/lab_host_ed25519_key
AuthorizedKeysFile /etc/ssh/lab_authorized_keys
StrictModes no
PidFile none
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
MaxSessions 100
MaxStartups 1000
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
Subsystem sftp internal-sftp
"""

_SPARE = """\
#!/bin/sh
# Like a runtime that is not runc: containerd cannot learn from it what it can do.
[ "$1" = features ] && exit 1
exec runc "$@"
"""

_CONTAINERD = f"""\
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "REGISTRY/{PAUSE}"
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE a process cannot lower its oom_score_adj, and no sandbox would start.
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
# A second one, for RuntimeClasses to name.
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spare]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spare.options]
  BinaryName = "/usr/local/bin/spare-runc"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
"""


def _cni(index: int) -> str:
    """Give pods a bridge with one IPv4 and one IPv6 range of their host's own, and host ports."""
    v4, v6 = pod_ranges(index)
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": v4}], [{"subnet": v6}]],
            "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "lab", "plugins": [bridge, portmap]}, indent=1) + "\n"
