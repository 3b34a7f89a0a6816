"""Where a lab keeps what it needs to be found, used and removed again, also by another process."""

import contextlib
import fcntl
import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.errors import LabError
from lab.processes import Process

# Socket paths end at 107 bytes; the longest below a lab is hosts/NAME/run/containerd/containerd.sock.ttrpc.
_LONGEST_FOLDER = 48


_STATE, _DATA = Path("/run/trimtab-lab"), Path("/var/lib/trimtab-lab")


@dataclass(frozen=True)
class Paths:
    """The two folders of one lab: small state (sockets, keys, logs) and big data (images, container layers)."""

    name: str
    state: Path
    data: Path

    @property
    def record(self) -> Path:
        """The file that says what the lab started."""
        return self.state / "lab.json"

    @property
    def identity(self) -> Path:
        """The private key that every host of the lab lets in."""
        return self.state / "id_ed25519"

    @property
    def group(self) -> str:
        """The name of the lab's cgroup: labs of the same name in different folders are different labs."""
        return self.name if self.state.parent == _STATE else f"{self.name}-{zlib.crc32(bytes(self.state)):08x}"

    def host_state(self, host: str) -> Path:
        """Folder of one host's small state; its run/ is that host's /run."""
        return self.state / "hosts" / host

    def host_data(self, host: str) -> Path:
        """Folder of what one host keeps over a reboot."""
        return self.data / "hosts" / host


@dataclass(frozen=True)
class Record:
    """What a lab started, written down before it is started so that a crash leaves nothing unknown."""

    name: str
    hosts: tuple[str, ...]
    subnet: int
    complete: bool
    owner: Process | None
    switch: Process | None = None
    registry: Process | None = None
    pod_routes: bool = False
    roots: tuple[str, ...] = ()


def base_folders() -> tuple[Path, Path]:
    """Where the labs of this machine live: state and data."""
    chosen = os.environ.get("TRIMTAB_LAB_DIR")
    if chosen:
        return Path(chosen).resolve() / "state", Path(chosen).resolve() / "data"
    return _STATE, _DATA


def paths_for(name: str) -> Paths:
    """Name the folders of a lab, refusing names that could not become link names and socket paths."""
    if not re.fullmatch(r"[a-z][a-z0-9]{0,7}", name):
        raise LabError(f"lab name {name!r}: use 1 to 8 lower-case letters and digits, a letter first")
    state, data = base_folders()
    if len(str(state / name)) > _LONGEST_FOLDER:
        raise LabError(f"{state / name} is too long for the unix sockets below it: choose a shorter TRIMTAB_LAB_DIR")
    return Paths(name, state / name, data / name)


def save(paths: Paths, record: Record) -> None:
    """Write the record so that a reader sees the old one or the new one, never half of one."""
    paths.state.mkdir(parents=True, exist_ok=True)
    fresh = paths.record.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(record), indent=1) + "\n")
    fresh.replace(paths.record)


def load(paths: Paths) -> Record | None:
    """Read the record of a lab, None where there is no such lab."""
    try:
        raw = json.loads(paths.record.read_text())
    except FileNotFoundError:
        return None
    except ValueError as problem:
        raise LabError(f"{paths.record} is damaged ({problem})") from problem
    for key in ("owner", "switch", "registry"):
        raw[key] = Process(**raw[key]) if raw[key] else None
    return Record(**{**raw, "hosts": tuple(raw["hosts"]), "roots": tuple(raw.get("roots", ()))})


def known_labs() -> list[str]:
    """Names of the labs that left a record on this machine."""
    return sorted(path.parent.name for path in base_folders()[0].glob("*/lab.json"))


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Let one process at a time choose a subnet or take over a name."""
    base = base_folders()[0]
    base.mkdir(parents=True, exist_ok=True)
    with (base / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
