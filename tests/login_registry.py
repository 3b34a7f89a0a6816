"""A second door to the lab's registry, which only opens to those who log in."""

import http.client
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import bcrypt

from lab import Lab
from lab.network import inside

_PORT = 5443


@contextmanager
def login_registry(lab: Lab, folder: Path, *, user: str, password: str) -> Iterator[str]:
    """Serve the same images to whoever knows the password; yields address and port as in image names."""
    switch = lab.record.switch
    assert switch is not None
    address = lab.registry.rpartition(":")[0]
    known = folder / "htpasswd"
    known.write_text(f"{user}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()}\n")
    config = folder / "registry.yml"
    config.write_text(
        f"""\
version: 0.1
log: {{accesslog: {{disabled: true}}, level: error}}
storage: {{filesystem: {{rootdirectory: {lab.paths.data / "registry"}}}}}
auth: {{htpasswd: {{realm: lab, path: {known}}}}}
http: {{addr: "{address}:{_PORT}"}}
"""
    )
    name = f"{address}:{_PORT}"
    trust = f'server = "http://{name}"\n[host."http://{name}"]\n  capabilities = ["pull", "resolve"]\n'
    for host in lab.hosts:
        path = f"/etc/containerd/certs.d/{name}"
        host.run(f"mkdir -p {path} && cat >{path}/hosts.toml", stdin=trust, check=True)
        # Who was let in before left images, which nobody needs a password for.
        host.run(f"ctr -n k8s.io images ls -q name~=^{name}/ | xargs -r ctr -n k8s.io images rm", check=True)
    with subprocess.Popen(
        inside(switch, "docker-registry", "serve", str(config)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(address)
            yield name
        finally:
            process.kill()


def _wait(address: str) -> None:
    for _ in range(200):
        server = http.client.HTTPConnection(address, _PORT, timeout=2)
        with suppress(OSError), closing(server):
            server.request("GET", "/v2/")
            with server.getresponse() as answer:
                assert answer.status == 401
            return
        time.sleep(0.05)
    raise AssertionError("the registry did not start")
