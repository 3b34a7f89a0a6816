"""What the lab needs of the machine, and what to do about what is missing."""

import os
import shutil
import sys
from pathlib import Path

from lab.errors import LabError
from lab.processes import PATH

# Program or file → Debian/Ubuntu package. `lab/install-packages` installs the same list.
_TOOLS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ip": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "docker-registry": "docker-registry",
    "mmdebstrap": "mmdebstrap",
    "git": "git",
    "sudo": "sudo",
    "socat": "socat",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
    "dash": "dash",
}
_FILES = {
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/usr/lib/cni/portmap": "containernetworking-plugins",
    "/bin/busybox": "busybox-static",
}


def check_root() -> None:
    """Refuse to run where namespaces, mounts and links cannot be made."""
    if sys.platform != "linux":
        raise LabError("the lab needs Linux: its hosts are namespaces of one Linux machine")
    if os.geteuid() != 0:
        raise LabError("the lab makes namespaces, mounts and links and so needs root: run it with sudo")


def check() -> None:
    """Refuse to start where something is missing, and name all of it at once."""
    check_root()
    missing = {package for tool, package in _TOOLS.items() if not shutil.which(tool, path=PATH)}
    missing |= {package for file, package in _FILES.items() if not Path(file).exists()}
    if missing:
        names = " ".join(sorted(missing))
        raise LabError(f"packages are missing: run lab/install-packages, or: apt-get install {names}")
    if _is_dynamic(Path("/bin/busybox")):
        raise LabError("/bin/busybox is not static, so it cannot run alone in an image: apt-get install busybox-static")
    if not any(line.split()[-1] == "overlay" for line in Path("/proc/filesystems").read_text().splitlines()):
        raise LabError("this kernel has no overlay file system: try `modprobe overlay`")


def _is_dynamic(program: Path) -> bool:
    """Whether a program names a dynamic loader, near its beginning where ELF keeps it."""
    with program.open("rb") as file:
        return b"/ld-" in file.read(4096)
