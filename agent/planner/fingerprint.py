"""Names for content that may be shown without showing the content.

A fingerprint is keyed with the fleet's secret key: equal values have equal fingerprints, and nobody without the key
can find a value by trying. It is taken over the content's SHA-256, so that a file of which only the SHA-256 was
observed has the same fingerprint as the content it should have.
"""

import hashlib
import hmac
from collections.abc import Iterable

from agent.model.files import FileContent
from agent.model.plan import FingerprintKey


def fingerprint(key: FingerprintKey, content: str | bytes) -> str:
    """Return eight hexadecimal digits that change when the content changes."""
    return fingerprint_of_sha256(key, sha256(content))


def fingerprint_of_sha256(key: FingerprintKey, sha256_hex: str) -> str:
    """Return the fingerprint of content that is known by its SHA-256 only."""
    return hmac.new(key.value, b"value\0" + sha256_hex.encode(), hashlib.sha256).hexdigest()[:8]


def sha256(content: str | bytes) -> str:
    """Return a content's SHA-256 in hexadecimal digits, as ``FileSeen`` has it."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def tree_digest(key: FingerprintKey, files: Iterable[tuple[str, int, str]]) -> str:
    """Return the name of a file tree's content from each file's path, mode and SHA-256.

    Files that were observed give the digest that they were written with, unless somebody changed them.
    """
    digest = hmac.new(key.value, b"tree\0", hashlib.sha256)
    for path, mode, content in sorted(files):
        digest.update(f"{len(path.encode())}:{path}\0{mode:o}\0{content}\0".encode())
    return digest.hexdigest()[:16]


def digest_files(key: FingerprintKey, files: Iterable[FileContent]) -> str:
    """Return the digest of a tree that is about to be written."""
    return tree_digest(key, ((file.path, file.mode, sha256(file.content)) for file in files))
