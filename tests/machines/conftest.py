import os
from collections.abc import Iterator

import pytest

from lab.errors import LabError
from lab.machines import Machine
from tests.machines.machine_setup import prepare
from tests.machines.source import Source


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """A machine of the release that TRIMTAB_MACHINE names: one that is up already, else one for this run."""
    release = os.environ.get("TRIMTAB_MACHINE", "noble")
    try:
        running = Machine.attach(release)
    except LabError:
        with Machine.up(release) as booted:
            prepare(booted)
            yield booted
    else:
        prepare(running)
        yield running


@pytest.fixture(scope="module")
def source(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """A fresh source for a machine that runs nothing of an earlier one."""
    held = Source(machine, tmp_path_factory.mktemp("source"))
    yield held
    held.let_go()
