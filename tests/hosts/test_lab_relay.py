"""The socket that leads to a host's runtime is nobody else's, and does not outlive its use."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.hosts.host import ContainerdHost

pytestmark = pytest.mark.lab


def test_no_path_to_the_runtime_stays_behind(
    open_host: Callable[..., ContainerdHost], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    host = open_host()
    session = host._connected()
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert session.link.target == f"unix:{folder}/cri.sock"
    host.observe()
    assert list(tmp_path.iterdir()) == []
    unused = open_host()
    unused._connected()
    unused.close()
    assert list(tmp_path.iterdir()) == []
