"""Files that the configuration names stand beside it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.config import open_config
from agent.ports import Permanent

TEXT = """\
apiVersion: trimtab.dev/v1alpha1
kind: Agent
metadata: {name: prod}
spec:
  source: {url: /srv/fleet.git}
  prometheus: {url: "https://prometheus.example.com", tokenFile: token, caFile: /etc/ca.pem}
"""


def test_files_of_prometheus_are_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(TEXT)
    prometheus = open_config(tmp_path / "agent.yaml").spec.prometheus
    assert prometheus
    assert (prometheus.token_file, prometheus.ca_file) == (str(tmp_path / "token"), "/etc/ca.pem")


NAMES_FILES = """\
apiVersion: trimtab.dev/v1alpha1
kind: Agent
metadata: {name: prod}
spec:
  source: {url: /srv/fleet.git}
  ssh:
    identityFile: keys/ed25519
    knownHostsFile: known_hosts
"""


def test_who_is_to_run_with_a_key_that_is_not_there_hears_of_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(NAMES_FILES)
    assert open_config(path).spec.ssh.identity_file == str(tmp_path / "keys" / "ed25519"), "others need no key"
    (tmp_path / "known_hosts").touch()
    with pytest.raises(Permanent, match=rf"agent.yaml:7:5: error: there is no file {tmp_path}/keys/ed25519"):
        open_config(path, to_run=True)
    started = CliRunner().invoke(app, ["agent", "--config", str(path)])
    assert started.exit_code == 2
    assert "there is no file" in started.stderr
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ed25519").touch()
    assert open_config(path, to_run=True) == open_config(path)


def test_validate_checks_an_agents_configuration_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(NAMES_FILES)
    checked = CliRunner().invoke(app, ["validate", str(path)])
    assert checked.exit_code == 1
    assert "agent.yaml:7:5: error: there is no file " in checked.stdout
    assert "agent.yaml:8:5: error: there is no file " in checked.stdout
    path.write_text(NAMES_FILES.partition("  ssh:")[0])
    checked = CliRunner().invoke(app, ["validate", str(path)])
    assert (checked.exit_code, checked.stdout) == (0, "1 document in 1 file: valid\n")
