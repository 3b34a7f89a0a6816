"""Files out of a container that misbehaves: the command always ends, and says what was wrong."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import cast

import pytest

from agent.cli.reach.copying import receive
from agent.hosts.host import ContainerdHost
from agent.ports import Permanent, PortError, Temporary

_MUCH = bytes(1 << 20)
"""More than a pipe holds, so who writes it waits for a reader."""


class Tar:
    """A ``tar`` in a container: what it writes, what it says of it, and how it ends."""

    def __init__(self, *written: bytes, said: bytes = b"", code: int = 0) -> None:
        self._written, self._said, self._code = written, said, code

    def wait(self, take: Callable[[str, bytes], object]) -> int:
        for content in self._written:
            take("stdout", content)
        take("stderr", self._said)
        return self._code

    def end_input(self) -> None:
        """It takes none."""

    def close(self) -> None:
        """It is let go of."""


class Host:
    def __init__(self, tar: Tar) -> None:
        self._tar = tar

    def exec(self, *_: object, **__: object) -> Tar:
        return self._tar


def archive(name: str) -> bytes:
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as made:
        member = tarfile.TarInfo(name)
        member.size = 5
        made.addfile(member, BytesIO(b"hello"))
    return content.getvalue()


def copied(tar: Tar, target: Path) -> PortError | None:
    """Copy /loot to a target; return how that failed. One that waits for ever fails the test."""
    failed: list[PortError] = []

    def copy() -> None:
        try:
            receive(cast("ContainerdHost", Host(tar)), "c1", "/loot", target)
        except PortError as error:
            failed.append(error)

    copying = Thread(target=copy, daemon=True)
    copying.start()
    copying.join(60)
    assert not copying.is_alive()
    return failed[0] if failed else None


def test_a_file_arrives(tmp_path: Path) -> None:
    assert copied(Tar(archive("loot")), tmp_path) is None
    assert (tmp_path / "loot").read_bytes() == b"hello"


@pytest.mark.parametrize("begun", [archive("other"), b"no archive".ljust(1024)])
def test_what_is_not_taken_ends_the_copy_however_much_more_comes(begun: bytes, tmp_path: Path) -> None:
    failed = copied(Tar(begun, *[_MUCH] * 4), tmp_path)
    assert isinstance(failed, Permanent)
    assert "what came from the container is not taken" in str(failed)
    assert list(tmp_path.iterdir()) == []


def test_what_a_container_sends_behind_an_archive_holds_nothing_up(tmp_path: Path) -> None:
    assert copied(Tar(archive("loot"), *[_MUCH] * 4), tmp_path) is None
    assert (tmp_path / "loot").exists()


@pytest.mark.parametrize("written", [b"", archive("loot")])
def test_what_tar_complains_of_is_told(written: bytes, tmp_path: Path) -> None:
    failed = copied(Tar(written, said=b"tar: loot: cannot read", code=1), tmp_path)
    assert isinstance(failed, Temporary)
    assert str(failed) == "tar in the container failed: tar: loot: cannot read"
    assert list(tmp_path.iterdir()) == []
