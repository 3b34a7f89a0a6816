from pathlib import Path

import pytest

from agent.model.objects.agent import Ref, SourceSpec
from agent.ports import Permanent
from agent.source import GitSource
from agent.source.address import parse_address


@pytest.mark.parametrize(
    ("url", "kind", "host", "port"),
    [
        ("git@git.example.com:ops/fleet.git", "ssh", "git.example.com", 0),
        ("git.example.com:fleet", "ssh", "git.example.com", 0),
        ("git@[2001:db8::1]:fleet.git", "ssh", "2001:db8::1", 0),
        ("ssh://git@git.example.com:2222/ops/fleet.git", "ssh", "git.example.com", 2222),
        ("https://git.example.com/ops/fleet.git", "http", "git.example.com", 0),
        ("https://git.example.com:8443/ops/fleet", "http", "git.example.com", 8443),
        ("/srv/fleet.git", "local", "", 0),
        ("file:///srv/fleet.git", "local", "", 0),
        ("./fleet", "local", "", 0),
    ],
)
def test_urls_that_git_takes(url: str, kind: str, host: str, port: int) -> None:
    address = parse_address(url)
    assert (address.kind, address.host, address.port) == (kind, host, port)


def test_local_paths_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_address("./fleet").path == tmp_path / "fleet"
    assert parse_address("file:///srv/fleet.git").path == Path("/srv/fleet.git")


@pytest.mark.parametrize(
    "url",
    [
        "https://hunter2@git.example.com/fleet.git",
        "https://git:hunter2@git.example.com/fleet.git",
        "ssh://git:hunter2@git.example.com/fleet.git",
        "https://git.example.com/fleet.git?private_token=hunter2",
        "https://git.example.com/fleet.git#hunter2",
        "https://git:hunter2@[bad/fleet.git",
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Permanent) as refusal:
        parse_address(url)
    assert "hunter2" not in str(refusal.value) + refusal.value.hint
    assert refusal.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ext::sh -c touch% /tmp/pwned",
        "ext::sh",
        "fd::17",
        "-oProxyCommand=x:y",
        "--upload-pack=x",
        "ssh://-oProxyCommand=x/y",
        "git@-oProxyCommand:x",
        "git@host:-x",
        "http://git.example.com/fleet.git",
        "git://git.example.com/fleet.git",
        "ftp://git.example.com/fleet.git",
        "https:///fleet.git",
        "git@host:fleet\nx",
        "fleet",
    ],
)
def test_unsafe_urls_are_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(Permanent) as refusal:
        parse_address(url)
    assert refusal.value.hint


@pytest.mark.parametrize("name", ["", "-x", "a..b", "a b", "a:b", "a*", "a^", "a~1", "a\\b", "@{u}", "/a", "a.lock"])
def test_unsafe_refs_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="is not a name that git takes"):
        GitSource(SourceSpec(url="git@h:p", ref=Ref(branch=name)), tmp_path)
