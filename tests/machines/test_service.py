"""The agent as a service of a live systemd, installed as systemd/README.md says, on the machine that it holds."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.machines import Machine
from tests.machines.machine_setup import REGISTRY
from tests.machines.source import eventually

pytestmark = pytest.mark.machine

ROOT = Path(__file__).parents[2]
PID = "$(systemctl show trimtab -P MainPID)"
# What systemd/README.md says, with the checkout as the package and this very machine as the only host.
INSTALL = """
set -e
export DEBIAN_FRONTEND=noninteractive
command -v git >/dev/null && python3 -c 'import ensurepip' 2>/dev/null || {
  apt-get update -q && apt-get install -y -q --no-install-recommends python3-venv git
}
python3 -m venv /opt/trimtab && /opt/trimtab/bin/pip install --quiet /root/trimtab
ln -sf /opt/trimtab/bin/trimtab /usr/local/bin/trimtab

id trimtab >/dev/null 2>&1 || useradd --system --home-dir /var/lib/trimtab --shell /usr/sbin/nologin trimtab
install -d -m 0750 -o root -g trimtab /etc/trimtab
[ -e /root/fleet ] || trimtab init /root/fleet

[ -e /etc/trimtab/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C trimtab -f /etc/trimtab/id_ed25519
chmod 0600 /etc/trimtab/id_ed25519
cat /etc/trimtab/id_ed25519.pub >>/root/.ssh/authorized_keys

install -m 0644 /root/trimtab/systemd/trimtab.service /etc/systemd/system/
"""
FLEET = """
set -e
rm -rf /srv/fleet.git /srv/work
git init --quiet --bare --initial-branch=main /srv/fleet.git
git clone --quiet /srv/fleet.git /srv/work 2>/dev/null
git -C /srv/work config user.name Ana
git -C /srv/work config user.email ana@example.com
git config --system --replace-all safe.directory /srv/fleet.git
"""
PUSH = "cd /srv/work && git add --all && git commit --quiet -m change && git push --quiet origin HEAD:main"


@dataclass(frozen=True)
class Service:
    """The unit on its machine."""

    machine: Machine

    def configure(self, **metrics: object) -> None:
        spec = {
            "source": {"url": "/srv/fleet.git", "ref": {"branch": "main"}},
            "ssh": {"user": "root", "identityFile": "id_ed25519", "connectTimeout": "60s"},
            "stateDir": "/var/lib/trimtab",
            "metrics": metrics,
        }
        text = {"apiVersion": "trimtab.dev/v1alpha1", "kind": "Agent", "metadata": {"name": "service"}, "spec": spec}
        self.machine.run(
            "install -m 0640 -o root -g trimtab /dev/stdin /etc/trimtab/agent.yaml", check=True, stdin=json.dumps(text)
        )

    def push(self, **objects: Mapping[str, object]) -> None:
        for name, value in objects.items():
            self.machine.run(f"cat >/srv/work/{name}.yaml", check=True, stdin=json.dumps(value))
        self.machine.run(PUSH, check=True)

    def show(self, name: str) -> str:
        return self.machine.run(f"systemctl show trimtab -P {name}", check=True).stdout.strip()

    def said(self) -> str:
        return self.machine.run("journalctl --unit trimtab --no-pager --output cat", check=True).stdout

    def container(self) -> str:
        """The id of the one container of the pod."""
        named = '\'labels."io.kubernetes.pod.name"==web,labels."io.cri-containerd.kind"==container\''
        return self.machine.run(f"ctr -n k8s.io containers ls -q {named}").stdout.strip()


def pod(image: str) -> dict[str, object]:
    spec = {"terminationGracePeriodSeconds": 2, "containers": [{"name": "main", "image": f"{REGISTRY}/{image}"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


@pytest.fixture(scope="module")
def service(machine: Machine) -> Service:
    """The unit, running, with one pod on its own machine."""
    machine.push(ROOT, "/root/trimtab")
    done = machine.run(INSTALL, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    machine.run(FLEET, check=True)
    made = Service(machine)
    made.configure(port=9550)
    address = {"address": "127.0.0.1", "hostKey": machine.image.host_key}
    host = {
        "apiVersion": "trimtab.dev/v1alpha1",
        "kind": "Host",
        "metadata": {"name": "here"},
        "spec": {"ssh": address},
    }
    made.push(host=host, web=pod("app:1.0"))
    started = machine.run("systemctl daemon-reload && systemctl enable --quiet --now trimtab", timeout=300)
    assert started.returncode == 0, made.said()
    eventually(lambda: made.container() != "", "the pod runs", within=600)
    return made


def test_systemctl_tells_what_it_does(service: Service) -> None:
    eventually(lambda: "1/1 hosts seen" in service.show("StatusText"), "the status line tells hosts")
    assert service.show("SubState") == "running"
    assert service.machine.run("runuser -u trimtab -- trimtab status", check=True).stdout.strip()


def test_a_push_is_followed_at_once(service: Service) -> None:
    before = service.container()
    service.push(web=pod("app:1.1"))
    eventually(lambda: service.container() not in {"", before}, "the pod is another one")


def test_the_hardening_is_in_force(service: Service) -> None:
    """As the running process has it, not as the unit asks for it."""
    status = service.machine.run(f"cat /proc/{PID}/status", check=True).stdout
    told = dict(re.findall(r"^(\w+):\t(.*)$", status, re.MULTILINE))
    user = service.machine.run("id -u trimtab", check=True).stdout.strip()
    assert told["Uid"].split() == [user] * 4
    assert (told["CapEff"], told["CapBnd"], told["NoNewPrivs"], told["Seccomp"]) == ("0" * 16, "0" * 16, "1", "2")
    within = f"nsenter --target {PID} --mount --"
    for path in ("/usr/file", "/etc/trimtab/file"):
        assert "Read-only file system" in service.machine.run(f"{within} touch {path}").stderr
    assert service.machine.run(f"{within} ls -A /root").stdout == ""
    score = service.machine.run("systemd-analyze security --no-pager trimtab.service").stdout
    assert float(re.findall(r"Overall exposure level for \S+: (\d+\.\d+)", score)[0]) <= 2.0


def test_only_the_service_reads_the_key(service: Service) -> None:
    handed = "/run/credentials/trimtab.service/id_ed25519"
    read = service.machine.run(f"nsenter --target {PID} --mount -- runuser -u trimtab -- head -n 1 {handed}").stdout
    assert "OPENSSH PRIVATE KEY" in read
    assert service.machine.run("runuser -u trimtab -- cat /etc/trimtab/id_ed25519").returncode != 0
    assert service.machine.run(f"runuser -u nobody -- cat {handed}").returncode != 0


def test_a_reload_takes_the_new_configuration(service: Service) -> None:
    service.configure(port=9551)
    service.machine.run("systemctl reload trimtab", check=True)
    eventually(lambda: "the configuration has changed" in service.said(), "the journal tells of the change")
    eventually(lambda: ":9551" in service.machine.run("ss -Hltn").stdout, "metrics are served at the new port")


def test_a_mistake_in_a_reload_changes_nothing(service: Service) -> None:
    before = service.show("MainPID")
    service.machine.run("cp /etc/trimtab/agent.yaml /tmp/right && echo '{' >>/etc/trimtab/agent.yaml", check=True)
    service.machine.run("systemctl reload trimtab")
    eventually(lambda: "the configuration is not right" in service.said(), "the journal tells of the mistake")
    service.machine.run("cat /tmp/right >/etc/trimtab/agent.yaml && systemctl reload trimtab", check=True)
    assert (service.show("ActiveState"), service.show("MainPID")) == ("active", before)


def test_it_comes_back_and_containers_do_not_notice(service: Service) -> None:
    before, times = service.container(), int(service.show("NRestarts"))
    service.machine.run(f"kill -9 {PID}", check=True)
    eventually(lambda: int(service.show("NRestarts")) == times + 1, "systemd starts it again")
    eventually(lambda: service.show("SubState") == "running", "it runs again")
    eventually(lambda: "1/1 hosts seen" in service.show("StatusText"), "it sees its host again")
    assert service.container() == before


def test_an_agent_that_hangs_is_started_again(service: Service) -> None:
    times = int(service.show("NRestarts"))
    service.machine.run(f"kill -STOP {PID}", check=True)
    eventually(lambda: int(service.show("NRestarts")) == times + 1, "the watchdog ends it")
    eventually(lambda: service.show("SubState") == "running", "it runs again")
    assert "Watchdog timeout" in service.said()


def test_a_stop_ends_it_cleanly(service: Service) -> None:
    before = service.container()
    service.machine.run("systemctl stop trimtab", check=True)
    assert (service.show("Result"), service.show("ExecMainStatus")) == ("success", "0")
    assert service.container() == before
    service.machine.run("rm -f /var/lib/trimtab/owner.json", check=True)
