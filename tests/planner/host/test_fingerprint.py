"""Fingerprints: equal for equal content, useless without the key."""

from agent.model.files import FileContent
from agent.model.plan import FingerprintKey
from agent.planner.fingerprint import digest_files, fingerprint, fingerprint_of_sha256, sha256, tree_digest
from tests.planner.host.build import KEY

OTHER = FingerprintKey(value=b"o" * 32)
FILE = FileContent(path="a", mode=0o644, content=b"x")


def test_a_fingerprint_is_keyed_and_also_known_from_the_sha256() -> None:
    assert fingerprint(KEY, "hunter2") == fingerprint(KEY, b"hunter2") == fingerprint_of_sha256(KEY, sha256("hunter2"))
    assert fingerprint(KEY, "hunter2") != fingerprint(OTHER, "hunter2")
    assert len(fingerprint(KEY, "")) == 8


def test_a_tree_digest_covers_paths_modes_and_contents() -> None:
    trees = [
        (),
        (FILE,),
        (FileContent(path="b", mode=0o644, content=b"x"),),
        (FileContent(path="a", mode=0o600, content=b"x"),),
        (FileContent(path="a", mode=0o644, content=b"y"),),
        (FILE, FileContent(path="b", mode=0o644, content=b"x")),
    ]
    assert len({digest_files(KEY, tree) for tree in trees}) == len(trees)
    assert digest_files(KEY, (FILE,)) == tree_digest(KEY, [("a", 0o644, sha256("x"))])
    assert digest_files(KEY, (FILE,)) != digest_files(OTHER, (FILE,))
