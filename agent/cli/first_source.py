"""The files of a first source, as ``trimtab init`` writes them."""

from collections.abc import Mapping
from typing import Final

_README: Final = """\
# A fleet

This repository says what runs on which hosts. trimtab makes it so, and keeps it so.

    hosts/      one file for each machine with containerd
    apps/       Kubernetes manifests: Deployment, StatefulSet, Job, ConfigMap, Secret, ...
    agent.yaml  how trimtab reads this repository and reaches the hosts; not part of the fleet (see .trimtabignore)

First steps, in this folder:

    export TRIMTAB_CONFIG=$PWD/agent.yaml
    trimtab host add root@10.0.0.11 --name edge-1    # shows the host key to confirm, writes hosts/edge-1.yaml
    trimtab validate .
    git init -b main && git add . && git commit -m "First fleet"
    trimtab diff                                     # what would change, and why; touches nothing
    trimtab apply

From then on, commit. `trimtab agent` holds the hosts to the newest commit for as long as it runs.
"""

_IGNORE: Final = """\
# Files that are not manifests of the fleet, in git's ignore syntax.
/agent.yaml
"""

_HOSTS: Final = """\
# Hosts

One file for each machine. `trimtab host add USER@ADDRESS --name NAME` writes it, with the machine's key pinned:

    apiVersion: trimtab.dev/v1alpha1
    kind: Host
    metadata:
      name: edge-1
    spec:
      ssh:
        address: 10.0.0.11
        hostKey: ssh-ed25519 AAAA...
"""

_HELLO: Final = """\
# A page, and two pods that serve it. Change the page and commit: it reaches the pods without a restart.
apiVersion: v1
kind: ConfigMap
metadata:
  name: hello
data:
  index.html: |
    <h1>Hello from trimtab</h1>
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
spec:
  replicas: 2
  selector:
    matchLabels: {app: hello}
  template:
    metadata:
      labels: {app: hello}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
        - name: web
          image: docker.io/library/busybox:1.37
          command: [httpd, -f, -p, "8080", -h, /www]
          ports:
            - containerPort: 8080
          volumeMounts:
            - {name: page, mountPath: /www}
      volumes:
        - name: page
          configMap: {name: hello}
"""

_AGENT: Final = """\
apiVersion: trimtab.dev/v1alpha1
kind: Agent
metadata:
  name: fleet                  # owns every pod that it makes: choose once
spec:
  source:
    url: "."                   # this folder's git repository; or git@git.example.com:ops/fleet.git, https://...
    ref: {{branch: main}}
  ssh:
    user: root
    identityFile: ~/.ssh/id_ed25519
  stateDir: {state_dir}
"""


def files(*, user_is_root: bool) -> Mapping[str, str]:
    """Return every file by its path. State goes where its user may write."""
    state_dir = "/var/lib/trimtab" if user_is_root else "~/.local/state/trimtab"
    return {
        "README.md": _README,
        ".trimtabignore": _IGNORE,
        "agent.yaml": _AGENT.format(state_dir=state_dir),
        "hosts/README.md": _HOSTS,
        "apps/hello.yaml": _HELLO,
    }
