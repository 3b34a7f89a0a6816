import os
import subprocess
from pathlib import Path

from agent.model.objects.agent import Ref, SourceSpec
from agent.source import GitSource

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def git(folder: Path, *arguments: str, at: int = 1_700_000_000, **environment: str) -> str:
    """Run git as a user would."""
    date = f"{at} +0000"
    own = os.environ | IDENTITY | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} | environment
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    ended = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def new_repository(folder: Path, *, bare: bool = False) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
    return folder


def commit(work: Path, files: dict[str, str | bytes], subject: str = "change", *, at: int = 1_700_000_000) -> str:
    """Write files, commit them and return the commit's id."""
    for name, content in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--allow-empty", "-m", subject, at=at)
    return git(work, "rev-parse", "HEAD")


def source(url: str | Path, cache: Path, **settings: object) -> GitSource:
    settings.setdefault("ref", Ref(branch="main"))
    return GitSource(SourceSpec(url=str(url), **settings), cache)  # type: ignore[arg-type] # each test names its own


def contents(from_: GitSource, ref: str | None = None) -> dict[str, bytes]:
    """Return all that a revision holds below the source's path."""
    revision = from_.resolve(ref)
    blobs = from_.tree(revision)
    read = from_.read(revision, blobs)
    return {blob.path: read[blob.id] for blob in blobs}
