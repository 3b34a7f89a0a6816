import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent.model.duration import parse_duration
from agent.model.objects.agent import SourceSpec
from agent.ports import Permanent, PortError, Temporary
from agent.source.address import Address
from agent.source.command import Git, GitFailed
from agent.source.credentials import access
from agent.source.faults import explained, unclassified
from agent.source.hostkey import pinning_hint
from agent.source.repository import NoSuchRef, near_refs, shown_ref

_NO_REF: Final = re.compile(r"couldn't find remote ref|not our ref|unadvertised object|invalid refspec")
_NO_MIRROR: Final = re.compile(r"^fatal: not a git repository")
_HOST_KEY: Final = re.compile(r"host key verification failed", re.IGNORECASE)
_BETWEEN_TRIES: Final = 0.05
# What a git that was killed, or had no space left, does not take away. Its own cleaning leaves it, too, since that is
# told never to prune. A lock would keep it from tidying up for good.
_LEFT_OVER: Final = (
    "*.lock",
    "refs/**/*.lock",
    "objects/*.lock",
    "objects/info/*.lock",
    "objects/pack/*.lock",
    "objects/pack/.tmp-*",
    "objects/*/tmp_*",
)
# Commits that no branch names any more stay: one of them may be in force. In packs, so that they cost little.
_SETTINGS: Final = (
    "http.lowSpeedLimit=1",  # a git whose trimtab was killed ends by itself when the server falls silent
    "http.lowSpeedTime=30",
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    "gc.pruneExpire=never",
    "gc.cruftPacks=true",
)


class Mirror:
    """A bare, shallow copy of a remote repository in the cache directory.

    Crash-only: it is made under another name and appears whole; a copy that git cannot use is made anew, and the old
    one stays until then. A lock keeps a second process from writing to it at once; reading needs none.
    """

    def __init__(self, spec: SourceSpec, address: Address, cache_dir: Path) -> None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", address.url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git"))[-40:]
        stem = f"{name.lstrip('.-')}-{hashlib.sha256(address.url.encode()).hexdigest()[:16]}"
        self._spec = spec
        self._address = address
        self._cache_dir = cache_dir
        self.folder = cache_dir / f"{stem}.git"
        self._making = cache_dir / f"{stem}.making"
        self._old = cache_dir / f"{stem}.old"
        self._lock = cache_dir / f"{stem}.lock"
        self.damaged = False
        """Set by whoever read from it and found it lacking: the next fetch makes it anew."""

    def fetch(self, source: str, target: str) -> None:
        """Bring a remote's ref here as ``target``, wherever it points now. Raises NoSuchRef and PortError."""
        refspec = f"+{source}:{target}"
        timeout = parse_duration(self._spec.timeout)
        deadline = time.monotonic() + timeout
        with self._locked(deadline) as lock:
            self._sweep()
            try:
                if self.folder.exists() and not self.damaged:
                    try:
                        self._run_fetch(self.folder, refspec, timeout, lock)
                    except GitFailed as failed:
                        if not _mirror_at_fault(failed):
                            raise
                    else:
                        return
                self._make(refspec, timeout, lock)
            except GitFailed as failed:
                self._sweep()  # now, not at the next try: a full disk is needed for other things
                raise self._explained(failed, source) from failed

    def _make(self, refspec: str, timeout: float, lock: int) -> None:
        cache = Git(folder=self._cache_dir)
        # For its owner alone, also in a state directory that somebody else made: there may be Secrets in it.
        options = ("--quiet", "--bare", "--shared=0600", "--template=", "--initial-branch=main")
        cache.run("init", *options, str(self._making))
        self._run_fetch(self._making, refspec, timeout, lock)
        if self.folder.exists():
            self.folder.rename(self._old)
        self._making.rename(self.folder)
        self.damaged = False
        shutil.rmtree(self._old, ignore_errors=True)

    def _run_fetch(self, folder: Path, refspec: str, timeout: float, lock: int) -> None:
        git = Git(folder=folder, access=access(self._spec, self._address), settings=_SETTINGS)
        depth = (f"--depth={self._spec.depth}",) if self._spec.depth > 0 else ()
        quiet = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--update-shallow")
        # The lock goes along: a git that outlives this process keeps the next one from sweeping its files away.
        git.run("fetch", *quiet, *depth, "--", self._address.url, refspec, timeout=timeout, keep_open=(lock,))

    def _sweep(self) -> None:
        """Take away what a git left that was killed or failed: whoever holds the lock is alone, so it is nobody's."""
        shutil.rmtree(self._making, ignore_errors=True)
        if self._old.exists() and not self.folder.exists():
            self._old.rename(self.folder)
        shutil.rmtree(self._old, ignore_errors=True)
        for pattern in _LEFT_OVER:
            for stale in self.folder.glob(pattern):
                stale.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, deadline: float) -> Iterator[int]:
        try:
            self._cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise Permanent(
                f"cannot write to the cache {self._cache_dir}: {error.strerror}",
                hint="run as the user that the agent runs as, or name another folder in spec.stateDir",
            ) from error
        try:
            while not _taken(descriptor):
                if time.monotonic() > deadline:
                    raise Temporary(f"another trimtab has been fetching {self._address.url} for too long")
                time.sleep(_BETWEEN_TRIES)
            yield descriptor
        finally:
            os.close(descriptor)

    def _explained(self, failed: GitFailed, ref: str) -> PortError:
        where = self._address.url
        if _NO_REF.search(failed.said):
            return NoSuchRef(f"{where} has no {shown_ref(ref)}", hint=self._near(ref))
        error = explained(failed, "fetch", where)
        if self._address.kind == "ssh" and _HOST_KEY.search(failed.said):
            error.hint = pinning_hint(self._address, self._spec.known_hosts_file)
        return error

    def _near(self, ref: str) -> str:
        git = Git(folder=self._cache_dir, access=access(self._spec, self._address))
        timeout = parse_duration(self._spec.timeout)
        try:
            listed = git.run("ls-remote", "--heads", "--tags", "--refs", "--", self._address.url, timeout=timeout)
        except GitFailed:
            return "check spec.source.ref"
        return near_refs(ref, [line.split("\t")[1] for line in listed.decode("utf-8", "replace").splitlines()])


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _mirror_at_fault(failed: GitFailed) -> bool:
    """Tell whether a fetch may have failed because of the copy, not the remote: then a new one is worth a try."""
    return not _NO_REF.search(failed.said) and (bool(_NO_MIRROR.search(failed.said)) or unclassified(failed))
