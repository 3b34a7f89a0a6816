import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from agent.cli.service.logs import configure_log
from tests.cli.git_fleet import new_fleet


@pytest.fixture(autouse=True)
def log_as_found() -> Iterator[None]:
    """Take back where a verb has sent the log of its process: that stream is gone with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def log() -> io.StringIO:
    """The log of this process, to be read."""
    stream = io.StringIO()
    configure_log(stream)
    return stream


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare repository that a configuration in the current folder follows."""
    return new_fleet(tmp_path, monkeypatch)
