"""What the tests ask of a machine beyond what its release brings: an administrator's few lines."""

import subprocess

from lab import images
from lab.machines import Machine

REGISTRY = "machine.local"
PROFILE = "trimtab-test-reads-only"

# As docs/operations.md tells: systemd keeps the cgroups, and containerd finds the plugins where Debian puts them.
_CONTAINERD = f"""
mkdir -p /etc/containerd
containerd config default |
  sed -e 's/SystemdCgroup = false/SystemdCgroup = true/' -e 's#/opt/cni/bin#/usr/lib/cni#' \
      -e 's#registry.k8s.io/pause:[0-9.]*#{REGISTRY}/pause:1#' >/etc/containerd/config.toml
systemctl restart containerd
"""
_PROFILE = f"""
cat >/etc/apparmor.d/{PROFILE} <<'END'
profile {PROFILE} flags=(attach_disconnected) {{
  file,
  signal,
  deny /tmp/** w,
}}
END
apparmor_parser --replace /etc/apparmor.d/{PROFILE}
"""
_HUGE_PAGES = """
echo 'vm.nr_hugepages = 16' >/etc/sysctl.d/60-pages.conf
sysctl --quiet --load /etc/sysctl.d/60-pages.conf
"""


def prepare(machine: Machine) -> None:
    """Do nothing where it has been done."""
    if machine.run("[ -e /etc/sysctl.d/60-pages.conf ]").returncode == 0:
        return
    machine.run(f"set -e\n{_CONTAINERD}\n{_PROFILE}", check=True)
    for image in images.standard():
        archive = images.archive(image, f"{REGISTRY}/{image.name}:{image.tag}")
        subprocess.run(
            machine.ssh("ctr -n k8s.io images import -"), input=archive, check=True, capture_output=True, timeout=300
        )
    machine.run(f"set -e\n{_HUGE_PAGES}", check=True)
