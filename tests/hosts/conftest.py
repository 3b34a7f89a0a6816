import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.hosts.connect import connect
from agent.hosts.host import ContainerdHost
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host, HostSpec, Ssh
from agent.model.objects.meta import ObjectMeta
from agent.model.plan import FingerprintKey
from lab import Lab
from tests.hosts.pods import AGENT, WallClock, remove_all
from tests.labs import lab_name, lab_releases

KEY = FingerprintKey(value=b"k" * 32)
Opener = Callable[..., ContainerdHost]


@pytest.fixture(scope="package")
def lab() -> Iterator[Lab]:
    """Two real hosts. If they cannot start, the tests fail: they are never skipped."""
    with Lab.up(hosts=2, name=lab_name("hosts"), from_releases=lab_releases()) as lab:
        yield lab


@pytest.fixture(scope="package")
def defaults(lab: Lab) -> SshDefaults:
    return SshDefaults(
        identity_file=str(lab.identity_file),
        known_hosts_file=str(lab.known_hosts_file),
        connect_timeout="3s",
        keepalive_interval="1s",
    )


@pytest.fixture
def open_host(lab: Lab, defaults: SshDefaults) -> Iterator[Opener]:
    """Open hosts of the lab by name; what a test leaves on them is removed."""
    opened: list[ContainerdHost] = []

    def opener(
        name: str = "h1",
        *,
        agent: str = AGENT,
        claim: FingerprintKey | None = None,
        parallel: int = 4,
        local: bool = False,
        settings: SshDefaults = defaults,
        **ssh: object,
    ) -> ContainerdHost:
        machine = lab.host(name)
        if local:
            spec = HostSpec(local=True, runtime_endpoint=f"unix://{machine.containerd_socket}")
        else:
            spec = HostSpec(ssh=Ssh(**{"address": machine.address, **ssh}))  # type: ignore[arg-type] # a test's choice
        declared = Host(metadata=ObjectMeta(name=name), spec=spec)
        host = connect(declared, settings, agent, claim=claim, clock=WallClock(), parallel=parallel)
        opened.append(host)
        return host

    yield opener
    for host in opened:
        host.close()
    for machine in lab.hosts:
        machine.run("rm -f /var/lib/trimtab/owner.json", check=True)
        cleaner = opener(machine.name)
        remove_all(cleaner)
        cleaner.close()


@pytest.fixture
def host(open_host: Opener) -> ContainerdHost:
    return open_host()


@pytest.fixture
def image(lab: Lab, host: ContainerdHost) -> str:
    """An image that is on the host."""
    name = f"{lab.registry}/app:1.0"
    host.refresh_images([name])
    return name


@pytest.fixture
def protected_key(tmp_path: Path) -> Path:
    """A private key that needs a passphrase."""
    path = tmp_path / "id_protected"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret phrase", "-f", str(path)], check=True)
    return path
