"""Loading texts as if they were a revision's files."""

from collections.abc import Mapping, Sequence

from agent.manifests import Cache, Loaded, load
from agent.model.origin import Blob, Revision

REVISION = Revision(id="0123456789abcdef0123456789abcdef01234567")
HOST = """\
apiVersion: trimtab.dev/v1alpha1
kind: Host
metadata: {name: edge-1}
spec: {ssh: {address: 10.0.0.1}}
"""


def blobs_of(files: Mapping[str, str | bytes]) -> tuple[list[Blob], dict[str, bytes]]:
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    # Equal contents have equal ids, as in git.
    blobs = [Blob(path=path, id=f"id-{hash(content)}", size=len(content)) for path, content in contents.items()]
    return blobs, {blob.id: contents[blob.path] for blob in blobs}


def load_files(files: Mapping[str, str | bytes], *, cache: Cache | None = None, whole: bool = True) -> Loaded:
    blobs, contents = blobs_of(files)

    def read(wanted: Sequence[Blob]) -> Mapping[str, bytes]:
        return {blob.id: contents[blob.id] for blob in wanted}

    return load(REVISION, blobs, read, cache or Cache(), whole=whole)


def load_text(text: str | bytes) -> Loaded:
    """Load one file that is a part of a source."""
    return load_files({"a.yaml": text}, whole=False)


def shown(loaded: Loaded) -> list[str]:
    """What a test compares: place, rule and message of each problem."""
    return [f"{p.location} {p.rule}: {p.message}" for p in loaded.problems]
