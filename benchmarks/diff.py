"""A dry run with nothing to do on three hosts, whole process: trimtab against ansible-core and pyinfra.

The other two get their own virtual environment and check one file and one service-like command on each host, which is
far less than trimtab looks at.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.stage import push_pods, stage
from lab import Lab
from tests.e2e.fleet import TRIMTAB, Fleet

ROUNDS = 5
OTHERS = Path(__file__).parents[1] / ".venv" / "others"


def run() -> dict[str, object]:
    tools = _install()
    with stage(3) as fleet:
        push_pods(fleet, 60)
        fleet.apply()
        commands = {
            "trimtab diff": [TRIMTAB, "diff"],
            "ansible-playbook --check": _ansible(tools, fleet.lab, fleet.folder),
            "pyinfra --dry": _pyinfra(tools, fleet.lab, fleet.folder),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):  # in turn, so that a slow minute of the machine hits everybody
            for name, command in commands.items():
                times[name].append(_time(fleet, command))
    medians = {f"{name}, seconds": statistics.median(each) for name, each in times.items()}
    ours, ansible, pyinfra = medians.values()
    return {**medians, "ansible / trimtab": ansible / ours, "pyinfra / trimtab": pyinfra / ours}


def _time(fleet: Fleet, command: list[str]) -> float:
    environment = {**os.environ, **fleet.environment, "TRIMTAB_CONFIG": str(fleet.config), "HOME": str(fleet.folder)}
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=fleet.folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return taken


def _install() -> Path:
    """Bring the two others into a virtual environment of their own, once."""
    if not (OTHERS / "bin" / "pyinfra").exists():
        print("   installing ansible-core and pyinfra into .venv/others", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(OTHERS)], check=True)
        packages = ["ansible-core", "pyinfra"]
        subprocess.run([OTHERS / "bin" / "pip", "install", "--quiet", *packages], check=True, capture_output=True)
    return OTHERS / "bin"


def _ansible(tools: Path, lab: Lab, folder: Path) -> list[str]:
    common = (
        f"ansible_user={lab.user} ansible_ssh_private_key_file={lab.identity_file} "
        "ansible_python_interpreter=/usr/bin/python3 "
        f"ansible_ssh_common_args='-o UserKnownHostsFile={lab.known_hosts_file} -o BatchMode=yes'"
    )
    hosts = "".join(
        f"{host.name} ansible_host={host.address} ansible_port={host.port} {common}\n" for host in lab.hosts
    )
    (folder / "inventory").write_text(hosts)
    (folder / "play.yaml").write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - file: {path: /var/lib/trimtab, state: directory}\n"
        "    - command: test -S /run/containerd/containerd.sock\n      changed_when: false\n      check_mode: false\n"
    )
    return [str(tools / "ansible-playbook"), "--check", "-i", "inventory", "play.yaml"]


def _pyinfra(tools: Path, lab: Lab, folder: Path) -> list[str]:
    lines = [
        f"    ({host.address!r}, {{'ssh_port': {host.port}, 'ssh_user': {lab.user!r}, "
        f"'ssh_key': {str(lab.identity_file)!r}, 'ssh_known_hosts_file': {str(lab.known_hosts_file)!r}}}),"
        for host in lab.hosts
    ]
    (folder / "inventory.py").write_text("fleet = [\n" + "\n".join(lines) + "\n]\n")
    (folder / "deploy.py").write_text(
        "from pyinfra.operations import files\n"
        "files.directory(path='/var/lib/trimtab')\n"
        "files.file(path='/var/lib/trimtab/owner.json')\n"
    )
    return [str(tools / "pyinfra"), "--dry", "inventory.py", "deploy.py"]
