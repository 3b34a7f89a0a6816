"""The doctor on network plugins: containerd says that a network is ready whose programs it would not find."""

import json
from pathlib import Path

import pytest

from agent.hosts.doctor.plugins import plugin_checks
from agent.hosts.local import LocalLink


def told(*folders: Path, plugins: tuple[str, ...] = ("bridge", "portmap")) -> dict[str, str]:
    """What containerd says of its network, as far as it matters here."""
    entries = [{"Network": {"type": name, "ipam": {"type": "host-local"}}, "Source": "{}"} for name in plugins]
    networks = [{"Config": {"Name": "pods", "Plugins": entries}, "IFName": "eth0"}]
    return {"cniconfig": json.dumps({"PluginDirs": [str(each) for each in folders], "Networks": networks})}


@pytest.fixture
def link() -> LocalLink:
    return LocalLink("here", "/no/socket")


def test_plugins_in_any_of_the_folders_are_found(tmp_path: Path, link: LocalLink) -> None:
    for path in ("one/bridge", "one/host-local", "two of them/portmap"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch(0o755)
    assert list(plugin_checks(told(tmp_path / "one", tmp_path / "two of them"), link)) == []


def test_what_is_missing_is_named_with_the_place_that_containerd_looks_in(tmp_path: Path, link: LocalLink) -> None:
    """Ubuntu's containerd looks in /opt/cni/bin, Ubuntu's plugins are in /usr/lib/cni."""
    (tmp_path / "portmap").touch(0o755)
    (problem,) = plugin_checks(told(tmp_path), link)
    assert (problem.name, problem.status) == ("network plugins", "problem")
    assert problem.message == f"bridge, host-local: not in {tmp_path}, where containerd looks for them"
    assert "bin_dirs" in problem.hint


@pytest.mark.parametrize("info", [{}, {"cniconfig": "{"}, {"cniconfig": "[]"}, {"cniconfig": '{"Networks": [{}]}'}])
def test_a_containerd_that_does_not_tell_is_no_problem(info: dict[str, str], link: LocalLink) -> None:
    assert list(plugin_checks(info, link)) == []
