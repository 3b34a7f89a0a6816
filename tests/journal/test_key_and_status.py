import os
from pathlib import Path

import pytest

from agent.journal import fingerprint_key, publish_status, read_status
from agent.ports import Permanent, PortError


def test_the_key_is_made_once_and_shows_nowhere(tmp_path: Path) -> None:
    key = fingerprint_key(tmp_path / "state")
    assert len(key.value) == 32
    assert fingerprint_key(tmp_path / "state") == key
    assert fingerprint_key(tmp_path / "other") != key
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["fingerprint.key"]
    assert (tmp_path / "state" / "fingerprint.key").stat().st_mode & 0o777 == 0o600
    assert repr(key.value) not in repr(key)


def test_somebody_faster_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.link

    def slower(source: str, target: Path) -> None:
        target.write_bytes(b"k" * 32)
        real(source, target)

    monkeypatch.setattr(os, "link", slower)
    assert fingerprint_key(tmp_path).value == b"k" * 32
    assert [path.name for path in tmp_path.iterdir()] == ["fingerprint.key"]


def test_a_damaged_key_is_explained(tmp_path: Path) -> None:
    (tmp_path / "fingerprint.key").write_bytes(b"short")
    with pytest.raises(Permanent, match="holds 5 bytes, not 32") as refusal:
        fingerprint_key(tmp_path)
    assert "backup" in refusal.value.hint


def test_a_folder_that_is_gone_is_not_made_anew_for_the_status(tmp_path: Path) -> None:
    """It was moved away, and is to be put back: into an empty one of its name it would go as a folder in a folder."""
    with pytest.raises(PortError):
        publish_status(tmp_path / "state", b"{}")
    assert not (tmp_path / "state").exists()


def test_the_newest_status_is_read_back(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None
    publish_status(tmp_path, b'{"a": 1}')
    publish_status(tmp_path, b'{"a": 2}')
    assert read_status(tmp_path) == b'{"a": 2}'
    assert (tmp_path / "status.json").stat().st_mode & 0o777 == 0o640
