"""Files that the configuration names stand beside it."""

from pathlib import Path

from agent.cli.config import open_config

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
