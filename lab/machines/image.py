"""A bootable disk of a release, made from its own packages: a plain server that runs containerd, and nothing else."""

import fcntl
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.errors import LabError
from lab.processes import run

CACHE: Final = Path("/var/cache/trimtab-lab/machines")
_DEBIAN: Final = "http://deb.debian.org/debian"
_UBUNTU: Final = "http://archive.ubuntu.com/ubuntu"
_UBUNTU_KEYS: Final = CACHE / "ubuntu-keys"
_DISK: Final = "24G"
_PACKAGES: Final = (
    "systemd-sysv,udev,dbus,kmod,iproute2,procps,apparmor,openssh-server,sudo,ca-certificates,make,git,initramfs-tools,"
    # What README.md asks of a host.
    "containerd,runc,containernetworking-plugins,iptables,socat"
)
_FILES: Final = {
    "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n",
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
    "etc/systemd/network/10-cable.network": "[Match]\nName=en*\n\n[Network]\nDHCP=ipv4\n",
    "etc/cni/net.d/10-bridge.conflist": """\
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": "10.88.0.0/16"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
""",
}


@dataclass(frozen=True)
class Release:
    """Where the packages of a release come from, and which of them is its kernel for virtual machines."""

    name: str
    kernel: str
    sources: tuple[str, ...]


def _debian(name: str, *more: str) -> Release:
    return Release(name, "linux-image-cloud-amd64", (f"deb {_DEBIAN} {name} main", *more))


def _stable(name: str) -> Release:
    return _debian(name, f"deb {_DEBIAN}-security {name}-security main", f"deb {_DEBIAN} {name}-updates main")


def _ubuntu(name: str) -> Release:
    suites = (name, f"{name}-updates", f"{name}-security")
    signed = f"[signed-by={_UBUNTU_KEYS}/usr/share/keyrings/ubuntu-archive-keyring.gpg]"
    return Release(
        name, "linux-image-virtual", tuple(f"deb {signed} {_UBUNTU} {suite} main universe" for suite in suites)
    )


RELEASES: Final = {
    release.name: release for release in (_ubuntu("noble"), _stable("bookworm"), _stable("trixie"), _debian("forky"))
}


@dataclass(frozen=True)
class Image:
    """A disk with the kernel that boots it, and its machines' keys: their own, and the one that they let in."""

    folder: Path

    @property
    def disk(self) -> Path:
        """The file system, never written to: machines keep their changes elsewhere."""
        return self.folder / "disk"

    @property
    def kernel(self) -> Path:
        """The release's own kernel."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """What the kernel finds the disk with."""
        return self.folder / "initrd.img"

    @property
    def identity(self) -> Path:
        """The private key that logs in as root."""
        return self.folder / "id_ed25519"

    @property
    def host_key(self) -> str:
        """The public host key of every machine of this image, as a Host manifest pins it."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])


def image(release: str) -> Image:
    """Return the image of a release, built when there is none yet or its recipe has changed; takes minutes then."""
    if release not in RELEASES:
        raise LabError(f"no release {release!r}: there are {', '.join(RELEASES)}")
    recipe = repr((RELEASES[release], _PACKAGES, _FILES, _DISK, [Path(path).read_bytes() for path in _trusted()]))
    made = Image(CACHE / f"{release}-{zlib.crc32(recipe.encode()):08x}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(release):
        if not made.folder.exists():
            for older in CACHE.glob(f"{release}-*"):
                shutil.rmtree(older)
            _build(RELEASES[release], made)
    return made


@contextmanager
def _locked(release: str) -> Iterator[None]:
    with (CACHE / f".{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(release: Release, made: Image) -> None:
    for tool, package in (("mmdebstrap", "mmdebstrap"), ("mke2fs", "e2fsprogs")):
        if not shutil.which(tool):
            raise LabError(f"{tool} is missing: apt-get install {package}")
    folder = made.folder.with_suffix(".new")
    shutil.rmtree(folder, ignore_errors=True)
    root = folder / "root"
    root.mkdir(parents=True)
    for key, owner in ((folder / "id_ed25519", "trimtab-machines"), (folder / "host_key", release.name)):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", owner, "-f", str(key)])
    if any("signed-by" in source for source in release.sources):
        _fetch_ubuntu_keys()
    include = f"--include={_PACKAGES},{release.kernel}"
    run(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=apt",
            "--dpkgopt=force-unsafe-io",
            include,
            release.name,
            str(root),
            *release.sources,
        ]
    )
    _furnish(root, release.name, folder)
    for name in ("vmlinuz", "initrd.img"):
        newest = max((root / "boot").glob(f"{name}-*"))
        shutil.copy(newest, folder / name)
    run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(folder / "disk"), _DISK])
    shutil.rmtree(root)
    folder.rename(made.folder)


def _fetch_ubuntu_keys() -> None:
    """Take the keys that sign Ubuntu from a Debian package, whose signature is checked with Debian's own keys."""
    if not _UBUNTU_KEYS.exists():
        source = f"deb {_DEBIAN} trixie main"
        run(["mmdebstrap", "--quiet", "--variant=extract", "--include=ubuntu-archive-keyring", "trixie",
             str(_UBUNTU_KEYS), source])  # fmt: skip


def _furnish(root: Path, name: str, keys: Path) -> None:
    """Give the machine its name, its cable, its keys, and the trust in authorities that this machine has."""
    for path, text in {**_FILES, "etc/hostname": f"{name}\n", "etc/hosts": f"127.0.0.1 localhost {name}\n"}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).unlink(missing_ok=True)
        (root / path).write_text(text)
    ssh = root / "etc/ssh"
    for generated in ssh.glob("ssh_host_*"):
        generated.unlink()
    shutil.copy(keys / "host_key", ssh / "ssh_host_ed25519_key")
    shutil.copy(keys / "host_key.pub", ssh / "ssh_host_ed25519_key.pub")
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(keys / "id_ed25519.pub", root / "root/.ssh/authorized_keys")
    _sources_of_its_own(root)
    for path in _trusted():
        shutil.copy(path, root / "usr/local/share/ca-certificates")
    run(["chroot", str(root), "update-ca-certificates"])
    run(["chroot", str(root), "systemctl", "enable", "--quiet", "systemd-networkd"])


def _sources_of_its_own(root: Path) -> None:
    """Let the machine check packages with the keys that it came with: those that mmdebstrap used lie outside."""
    for path in (root / "etc/apt").glob("sources.list*"):
        if path.is_file():
            path.write_text(path.read_text().replace(str(_UBUNTU_KEYS), ""))


def _trusted() -> list[str]:
    """Name the authorities that were added to this machine, as where a proxy stands before the registries."""
    return sorted(str(path) for path in Path("/usr/local/share/ca-certificates").glob("*.crt"))
