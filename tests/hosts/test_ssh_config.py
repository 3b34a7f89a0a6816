"""Where a host is reached: the Host object first, then the OpenSSH configuration, then the Agent."""

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.hosts.ssh.config import Destination, resolve
from agent.hosts.ssh.keys import load_private_key
from agent.hosts.ssh.trust import HostKey, check_host_key, known_keys, parse_host_key
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Jump, Ssh
from agent.ports import Permanent

_BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"k" * 32).decode()
KEY = f"ssh-ed25519 {_BLOB}"
OTHER = HostKey(type="ssh-ed25519", base64=base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"o" * 32).decode())


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], SshDefaults]:
    def write(text: str) -> SshDefaults:
        path = tmp_path / "ssh_config"
        path.write_text(text)
        return SshDefaults(config_file=str(path), identity_file="/agent/key")

    return write


def reach(address: str, defaults: SshDefaults, **ssh: object) -> Destination:
    return resolve("edge-1", Ssh(**{"address": address, **ssh}), defaults)  # type: ignore[arg-type] # a test's choice


def test_without_a_configuration_the_agent_decides() -> None:
    found = reach("10.0.0.1", SshDefaults(user="deploy", identity_file="/agent/key"))
    assert (found.address, found.port, found.user) == ("10.0.0.1", 22, "deploy")
    assert found.identity_files == ("/agent/key",)
    assert (found.connect_timeout, found.keepalive) == (10.0, 15.0)


def test_an_alias_is_looked_up_and_the_host_object_wins(configured: Callable[[str], SshDefaults]) -> None:
    defaults = configured("Host edge\n HostName 10.0.0.9\n Port 2222\n User ops\n IdentityFile /config/key\n")
    found = reach("edge", defaults)
    assert (found.address, found.port, found.user) == ("10.0.0.9", 2222, "ops")
    assert (found.identity_files, found.known_name) == (("/config/key",), "[10.0.0.9]:2222")
    found = reach("edge", defaults, port=22, user="root", identity_file="/host/key")
    assert (found.port, found.user, found.identity_files, found.known_name) == (22, "root", ("/host/key",), "10.0.0.9")


def test_proxy_jump_goes_through_every_hop(configured: Callable[[str], SshDefaults]) -> None:
    defaults = configured(
        "Host inner\n HostName 10.0.0.2\n ProxyJump ops@first:2201,second\nHost second\n HostName 10.0.0.3\n User two\n"
    )
    inner = reach("inner", defaults)
    second = inner.through
    assert second is not None
    first = second.through
    assert first is not None
    assert (second.address, second.user) == ("10.0.0.3", "two")
    assert (first.address, first.port, first.user, first.through) == ("first", 2201, "ops", None)


def test_the_host_objects_jump_is_pinned_like_any_other() -> None:
    through = reach("10.0.0.1", SshDefaults(), jump=Jump(address="gate", port=2022, user="j", host_key=KEY)).through
    assert through is not None
    assert (through.address, through.port, through.user) == ("gate", 2022, "j")
    assert through.pinned == (parse_host_key(KEY),)


def test_jumps_in_a_circle_are_refused(configured: Callable[[str], SshDefaults]) -> None:
    with pytest.raises(Permanent, match="jump hosts"):
        reach("a", configured("Host a\n ProxyJump b\nHost b\n ProxyJump a\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Host a\n ProxyCommand nc %h %p\n", "ProxyCommand"),
        ("Match exec true\n User x\n", "Match exec"),
        ("Host a\n ProxyJump b:port\n", "names port 'port', which is none"),
        ("Host a\n ProxyJump b:65536\n", "names port '65536', which is none"),
        ("Host a\n Port ssh\n", "names port 'ssh', which is none"),
        ("nonsense", "nonsense"),
    ],
)
def test_what_trimtab_does_not_honour_is_refused(
    text: str, message: str, configured: Callable[[str], SshDefaults]
) -> None:
    with pytest.raises(Permanent, match=message):
        reach("a", configured(text))


def test_a_configuration_that_was_mended_is_read_again(configured: Callable[[str], SshDefaults]) -> None:
    with pytest.raises(Permanent, match="ProxyCommand"):
        reach("a", configured("Host a\n ProxyCommand nc %h %p\n"))
    assert reach("a", configured("Host a\n HostName 10.0.0.9\n")).address == "10.0.0.9"


def test_a_configuration_that_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ssh_config"
    path.write_bytes(b"Host \xff\n")
    with pytest.raises(Permanent, match="cannot be read: 'utf-8'"):
        reach("a", SshDefaults(config_file=str(path)))


def test_a_configuration_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be read: No such file"):
        reach("a", SshDefaults(config_file=str(tmp_path / "none")))


def test_known_hosts_names_ports_and_hashed_names(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"# ours\n10.0.0.1 {KEY}\n[10.0.0.1]:2222 {OTHER}\n")
    assert known_keys([str(path)], "10.0.0.1") == (parse_host_key(KEY),)
    assert known_keys([str(path)], "[10.0.0.1]:2222") == (OTHER,)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    assert "10.0.0.1" not in path.read_text()
    assert known_keys([str(path)], "10.0.0.1") == (parse_host_key(KEY),)
    assert known_keys([str(path)], "10.0.0.2") == ()


@pytest.mark.parametrize("key", ["ssh-ed25519 AAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "ssh-rsa AAAAB3NzaC1yc2E="])
def test_a_known_hosts_file_that_was_cut_short_is_said(key: str, tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"10.0.0.1 {key}")
    with pytest.raises(Permanent, match=f"known_hosts file {path} cannot be read") as raised:
        known_keys([str(path)], "10.0.0.1")
    assert "mend the file" in raised.value.hint


def test_an_unknown_key_is_refused_with_the_line_that_pins_it() -> None:
    shown = parse_host_key(KEY)
    with pytest.raises(Permanent, match="host key is not known") as raised:
        check_host_key(shown, (), host="edge-1", name="[10.0.0.1]:2222")
    assert shown.fingerprint in str(raised.value)
    assert f'hostKey: "{KEY}"' in raised.value.hint
    assert f"[10.0.0.1]:2222 {KEY}" in raised.value.hint


def test_a_changed_key_is_refused_with_both_fingerprints() -> None:
    shown = parse_host_key(KEY)
    with pytest.raises(Permanent, match="CHANGED") as raised:
        check_host_key(shown, (OTHER,), host="edge-1", name="10.0.0.1")
    assert shown.fingerprint in str(raised.value)
    assert OTHER.fingerprint in str(raised.value)


def test_a_fingerprint_is_what_openssh_shows(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    shown = subprocess.run(["ssh-keygen", "-lf", str(path)], check=True, capture_output=True, text=True).stdout
    assert parse_host_key(path.with_suffix(".pub").read_text()).fingerprint == shown.split()[1]


@pytest.mark.parametrize("written", ["", "ssh-ed25519", "ssh-ed25519 !!!", f"ssh-rsa {_BLOB}", _BLOB])
def test_what_is_no_host_key_is_refused(written: str) -> None:
    with pytest.raises(Permanent, match="not a host key"):
        parse_host_key(written)


def test_each_way_a_private_key_cannot_be_used_is_told_apart(tmp_path: Path, protected_key: Path) -> None:
    with pytest.raises(Permanent, match="passphrase"):
        load_private_key(str(protected_key))
    with pytest.raises(Permanent, match="No such file"):
        load_private_key(str(tmp_path / "none"))
    odd = tmp_path / "odd"
    odd.write_text("not a key")
    odd.chmod(0o600)
    with pytest.raises(Permanent, match="not a private key"):
        load_private_key(str(odd))
    odd.chmod(0o666)
    with pytest.raises(Permanent, match="open to other users"):
        load_private_key(str(odd))


def test_what_would_be_read_without_an_end_is_no_key(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    huge = tmp_path / "huge"
    huge.touch(0o600)
    os.truncate(huge, 1 << 40)
    for file in (pipe, huge, tmp_path):
        file.chmod(0o700 if file.is_dir() else 0o600)
        with pytest.raises(Permanent, match="is not a private key"):
            load_private_key(str(file))
