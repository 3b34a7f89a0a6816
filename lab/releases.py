"""Root folders of Debian releases other than this machine's own, so that a lab host can run their containerd.

A root is built once by mmdebstrap, from signed packages that are unpacked only: that takes seconds, and is enough to
run their programs. It is then shared and only read: lay an overlay over it. Processes that want the same root at once
wait for the first. TRIMTAB_LAB_MIRROR names another mirror.
"""

import fcntl
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.errors import LabError
from lab.processes import PATH, run

CACHE = Path("/var/cache/trimtab-lab")
_PACKAGES = (
    "?essential",  # an apt pattern: what every Debian machine has
    "ca-certificates",
    "containerd",
    "containernetworking-plugins",
    "iproute2",
    "iptables",
    "mount",
    "nftables",
    "openssh-client",
    "openssh-server",
    "procps",
    "runc",
    "socat",
    "sudo",
    "wget",
)

_MIRROR = "http://deb.debian.org/debian"
# What the packages' own scripts would have linked, where they are unpacked only.
_LINKS = {
    "usr/sbin/iptables": "iptables-nft",
    "usr/sbin/ip6tables": "ip6tables-nft",
    "usr/bin/awk": "mawk",
    "usr/bin/which": "which.debianutils",
}
_OPTIONS = (
    # Where these keys are in Ubuntu, too, and mmdebstrap does not find them by itself unless gpg is installed.
    "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
    # Mirrors lag, and the index of a testing release expires after a week; its signature is checked all the same.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Retries "2"',
    '--aptopt=Acquire::http::Timeout "20"',
    *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "info", "locale", "man")),
)


def build(release: str) -> Path:
    """Return the root folder of a release, with all that a lab host needs."""
    if not re.fullmatch(r"[a-z]{2,20}", release):
        raise LabError(f"release {release!r}: use the name of a Debian release, such as trixie")
    mirror = os.environ.get("TRIMTAB_LAB_MIRROR") or _MIRROR
    # A root is as good as its recipe: another list of packages is another root. An older one may still be in use.
    recipe = repr((_PACKAGES, _OPTIONS, _LINKS))
    root = CACHE / f"{release}-{zlib.crc32(recipe.encode()):08x}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f".{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _build(release, mirror, root)
    return root


def roots(wanted: Sequence[str], hosts: int, say: Callable[[str], None]) -> tuple[str, ...]:
    """Build what is not there yet, side by side, and return the root of each host; none when no release is wanted."""
    distinct = sorted(set(wanted))
    if distinct:
        say(f"roots of {', '.join(distinct)}: built now unless they are there (about half a minute)")
    with ThreadPoolExecutor() as pool:
        built = dict(zip(distinct, pool.map(build, distinct), strict=True))
    return tuple(str(built[wanted[index % len(wanted)]]) for index in range(hosts)) if wanted else ()


def _build(release: str, mirror: str, root: Path) -> None:
    """Build beside the final place and rename: a root is there whole or not at all."""
    if not shutil.which("mmdebstrap", path=PATH):
        raise LabError("mmdebstrap is missing: run lab/install-packages, or: apt-get install mmdebstrap")
    fresh = root.with_name(f".{root.name}.new")
    _remove(fresh)
    included = [f"--include={package}" for package in _PACKAGES]
    command = ["mmdebstrap", "--mode=root", "--variant=extract", *_OPTIONS, *included, release, str(fresh), mirror]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env={**os.environ, "PATH": PATH}
    )
    if done.returncode:
        _remove(fresh)
        raise LabError(_refusal(release, mirror, done.stderr))
    _link(fresh)
    fresh.rename(root)


def _remove(folder: Path) -> None:
    """Delete what a build that was ended half way left, never through a mount."""
    run(["rm", "-rf", "--one-file-system", str(folder)])


def _link(root: Path) -> None:
    """Give programs the names that the scripts which did not run would have given them."""
    for path, target in _LINKS.items():
        if (root / path).with_name(target).exists():
            (root / path).symlink_to(target)


def _refusal(release: str, mirror: str, said: str) -> str:
    errors = [line.removeprefix("E: ") for line in said.splitlines() if line.startswith("E: ")]
    why = next(iter(errors), said[-500:].strip() or "it said nothing").rstrip(".")
    return (
        f"the root of Debian {release} could not be built from {mirror}: {why}. "
        "Look whether the mirror can be reached and has that release; TRIMTAB_LAB_MIRROR names another one"
    )
