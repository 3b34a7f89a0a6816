"""The image registry of a lab: Debian's docker-registry on the switch, plain HTTP, its own storage."""

import http.client

from lab import cgroups
from lab.network import inside
from lab.processes import Process, read_process, spawn, wait_for
from lab.state import Paths

PORT = 5000


def start(paths: Paths, switch: Process, address: str) -> Process:
    """Start the registry inside the switch's network and wait until it answers."""
    storage, config, log = paths.data / "registry", paths.state / "registry.yml", paths.state / "registry.log"
    storage.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f"""\
version: 0.1
log: {{accesslog: {{disabled: true}}, level: warn}}
storage:
  cache: {{blobdescriptor: inmemory}}
  filesystem: {{rootdirectory: {storage}}}
  delete: {{enabled: true}}
http: {{addr: "{address}:{PORT}"}}
"""
    )
    pid_file = paths.state / "registry.pid"
    pid_file.unlink(missing_ok=True)
    command = inside(switch, "docker-registry", "serve", str(config))
    spawn(command, log, pid_file, cgroups.create(paths.group, "registry"))
    wait_for("registry", lambda: _answers(address), log=log)
    process = read_process(pid_file)
    assert process is not None  # noqa: S101 - it has just answered
    return process


def _answers(address: str) -> bool:
    server = http.client.HTTPConnection(address, PORT, timeout=2)
    try:
        server.request("GET", "/v2/")
        return server.getresponse().status == 200
    except OSError:
        return False
    finally:
        server.close()
