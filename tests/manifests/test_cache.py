from collections.abc import Mapping, Sequence

from agent.manifests import Cache, Loaded, load
from agent.model.origin import Blob
from tests.manifests.repo import HOST, REVISION, blobs_of

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"


class Repository:
    """Remembers what was read of it."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.was_read: list[str] = []

    def load(self, files: Mapping[str, str]) -> Loaded:
        blobs, contents = blobs_of(files)

        def read(wanted: Sequence[Blob]) -> Mapping[str, bytes]:
            self.was_read += [blob.path for blob in wanted]
            return {blob.id: contents[blob.id] for blob in wanted}

        self.was_read = []
        return load(REVISION, blobs, read, self.cache)


FIRST = {"hosts.yaml": HOST, "a.yaml": CONFIG.replace("NAME", "a"), "b.yaml": CONFIG.replace("NAME", "b")}


def test_only_changed_files_are_read_again() -> None:
    repository = Repository()
    repository.load(FIRST)
    assert repository.was_read == ["hosts.yaml", "a.yaml", "b.yaml"]
    changed = repository.load({**FIRST, "b.yaml": CONFIG.replace("NAME", "c")})
    assert repository.was_read == ["b.yaml"]
    assert changed.fleet is not None
    assert sorted(key.name for key in changed.fleet.objects) == ["a", "c", "edge-1"]


def test_going_back_reads_nothing() -> None:
    repository = Repository()
    first = repository.load(FIRST)
    repository.load({**FIRST, "b.yaml": "a: ["})
    again = repository.load(FIRST)
    assert repository.was_read == []
    assert again == first


def test_a_renamed_file_is_read_again_because_its_name_is_in_every_place() -> None:
    repository = Repository()
    repository.load(FIRST)
    moved = repository.load({"hosts.yaml": HOST, "a.yaml": FIRST["a.yaml"], "c.yaml": FIRST["b.yaml"]})
    assert repository.was_read == ["c.yaml"]
    assert moved.fleet is not None
    assert {declared.origin.file for declared in moved.fleet.objects.values()} == {"hosts.yaml", "a.yaml", "c.yaml"}


def test_what_two_loads_did_not_need_is_forgotten() -> None:
    repository = Repository()
    repository.load(FIRST)
    repository.load({"hosts.yaml": HOST})
    repository.load({"hosts.yaml": HOST})
    repository.load(FIRST)
    assert repository.was_read == ["a.yaml", "b.yaml"]


def test_problems_of_unchanged_files_and_between_files_stay() -> None:
    repository = Repository()
    files = {**FIRST, "a.yaml": "kind: Pood", "b.yaml": FIRST["b.yaml"], "c.yaml": FIRST["b.yaml"]}
    assert repository.load(files).problems == repository.load(files).problems
    assert [p.rule for p in repository.load(files).problems] == ["unknown-kind", "duplicate-object"]
