import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ports import Permanent, Unreachable
from tests.source.repo import commit, contents, git, new_repository, source
from tests.source.servers import Sshd, free_port, new_key, sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("ssh") / "sshd") as server:
        yield server


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = new_repository(tmp_path / "fleet")
    commit(work, {"a.yaml": "1"})
    return work


def test_fetched_with_its_own_key_and_pinned_host_key(server: Sshd, work: Path, tmp_path: Path) -> None:
    from_ = source(
        server.url(work),
        tmp_path / "cache",
        identity_file=str(server.identity),
        known_hosts_file=str(server.known_hosts),
    )
    assert from_.local_path is None
    for number in range(2):
        id_ = commit(work, {"a.yaml": str(number)})
        from_.fetch()
        assert from_.resolve().id == id_
        assert contents(from_) == {"a.yaml": str(number).encode()}


def test_an_unknown_host_key_is_refused_with_the_line_to_add(server: Sshd, work: Path, tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text("")
    from_ = source(
        server.url(work), tmp_path / "c", identity_file=str(server.identity), known_hosts_file=str(known_hosts)
    )
    with pytest.raises(Permanent, match="host key is not the one that is pinned") as refusal:
        from_.fetch()
    assert f"[127.0.0.1]:{server.port} {server.host_key}" in refusal.value.hint
    assert "SHA256:" in refusal.value.hint
    assert str(known_hosts) in refusal.value.hint
    assert known_hosts.read_text() == ""


def test_a_changed_host_key_is_refused_with_the_line_to_put_in_its_place(
    server: Sshd, work: Path, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{server.port} {new_key(tmp_path / 'other')}\n")
    from_ = source(
        server.url(work), tmp_path / "c", identity_file=str(server.identity), known_hosts_file=str(known_hosts)
    )
    with pytest.raises(Permanent, match="host key is not the one that is pinned") as refusal:
        from_.fetch()
    assert server.host_key in refusal.value.hint


def test_a_wrong_key_is_refused(server: Sshd, work: Path, tmp_path: Path) -> None:
    new_key(tmp_path / "wrong")
    from_ = source(
        server.url(work), tmp_path, identity_file=str(tmp_path / "wrong"), known_hosts_file=str(server.known_hosts)
    )
    with pytest.raises(Permanent, match="does not accept the credentials") as refusal:
        from_.fetch()
    assert "spec.source.identityFile" in refusal.value.hint


def test_a_key_that_cannot_be_read_is_explained(server: Sshd, work: Path, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=r"spec\.source\.identityFile names .*/none, which cannot be read"):
        source(server.url(work), tmp_path, identity_file=str(tmp_path / "none")).fetch()


def test_no_such_repository_and_nobody_there(server: Sshd, tmp_path: Path) -> None:
    settings = {"identity_file": str(server.identity), "known_hosts_file": str(server.known_hosts)}
    with pytest.raises(Permanent, match="there is no git repository that trimtab may see"):
        source(server.url(tmp_path / "none"), tmp_path / "c", **settings).fetch()
    with pytest.raises(Unreachable, match="does not answer"):
        source(f"ssh://git@127.0.0.1:{free_port()}/x", tmp_path / "c", **settings).fetch()


def test_no_key_is_logged_at_any_level(
    server: Sshd, work: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    from_ = source(
        server.url(work), tmp_path, identity_file=str(server.identity), known_hosts_file=str(server.known_hosts)
    )
    from_.fetch()
    assert server.identity.read_text().splitlines()[1] not in caplog.text
    assert git(work, "rev-parse", "HEAD") == from_.resolve().id
