import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab
from tests.e2e import containerd
from tests.e2e.fleet import TRIMTAB, Fleet, common_environment
from tests.e2e.warm import WarmCommand, warm_command
from tests.labs import lab_name, lab_releases

# A shell without job control starts background jobs deaf to Ctrl-C, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Three real hosts for the whole run. If they cannot start, the tests fail: they are never skipped."""
    with Lab.up(hosts=3, name=lab_name("e2e"), from_releases=lab_releases()) as lab:
        yield lab


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmCommand | None]:
    """The command, imported once for the whole run. A file whose subject is the verbs has None in its place."""
    with warm_command(TRIMTAB, common_environment()) as warm:
        yield warm


@pytest.fixture
def fleet(lab: Lab, tmp_path: Path, warm: WarmCommand | None) -> Iterator[Fleet]:
    """A fresh source and state directory on hosts that run nothing."""
    for host in lab.hosts:
        containerd.wipe(host)
    yield Fleet(lab, tmp_path, warm=warm)
    for host in lab.hosts:
        host.mend()
