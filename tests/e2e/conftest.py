import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab
from tests.e2e import containerd
from tests.e2e.fleet import Fleet
from tests.labs import lab_name, lab_releases

# A shell without job control starts background jobs deaf to Ctrl-C, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Three real hosts for the whole run. If they cannot start, the tests fail: they are never skipped."""
    with Lab.up(hosts=3, name=lab_name("e2e"), from_releases=lab_releases()) as lab:
        yield lab


@pytest.fixture
def fleet(lab: Lab, tmp_path: Path) -> Iterator[Fleet]:
    """A fresh source and state directory on hosts that run nothing."""
    for host in lab.hosts:
        containerd.wipe(host)
    yield Fleet(lab, tmp_path)
    for host in lab.hosts:
        host.mend()
