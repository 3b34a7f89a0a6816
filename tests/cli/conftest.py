from pathlib import Path

import pytest

from tests.cli.git_fleet import new_fleet


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare repository that a configuration in the current folder follows."""
    return new_fleet(tmp_path, monkeypatch)
