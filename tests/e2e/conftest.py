import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab
from tests.e2e import containerd
from tests.e2e.fleet import Fleet


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Three real hosts for the whole run. If they cannot start, the tests fail: they are never skipped."""
    with Lab.up(hosts=3, name=os.environ.get("TRIMTAB_LAB_NAME", "e2e")) as lab:
        yield lab


@pytest.fixture
def fleet(lab: Lab, tmp_path: Path) -> Iterator[Fleet]:
    """A fresh source and state directory on hosts that run nothing."""
    for host in lab.hosts:
        containerd.wipe(host)
    yield Fleet(lab, tmp_path)
    for host in lab.hosts:
        host.mend()
