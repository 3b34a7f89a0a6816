"""Validating 1,000 and 10,000 documents: `trimtab validate` from nothing, and a load after one file changed.

The documents are a fleet that is valid: Deployments that read ConfigMaps and Secrets, one object a file, on 100 hosts.
"""

import gc
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agent.cli import OBJECTS_BETWEEN_COLLECTIONS
from agent.manifests import Cache, load
from agent.model.origin import Blob, Revision

SIZES = (1_000, 10_000)
HOSTS = 100
REPEATS = 5

HOST = """\
apiVersion: trimtab.dev/v1alpha1
kind: Host
metadata: {{name: host-{n}}}
spec:
  ssh: {{address: 10.0.0.{n}}}
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: app-{n}}}
data:
  level: info
  app.conf: |
    workers = 4
    listen = 8080
"""
CREDENTIALS = """\
apiVersion: v1
kind: Secret
metadata: {{name: app-{n}}}
stringData: {{password: "benchmark {n}"}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  labels: {{app: app-{n}}}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app-{n}
  template:
    metadata:
      labels:
        app: app-{n}
    spec:
      containers:
        - name: app
          image: registry.example.com/app:1.{n}
          args: ["--serve", "--verbose"]
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LEVEL
              valueFrom:
                configMapKeyRef: {{name: app-{n}, key: level}}
            - name: PASSWORD
              valueFrom:
                secretKeyRef: {{name: app-{n}, key: password}}
          resources:
            requests: {{cpu: 100m, memory: 64Mi}}
            limits: {{memory: 128Mi}}
          volumeMounts:
            - name: conf
              mountPath: /etc/app
      volumes:
        - name: conf
          configMap: {{name: app-{n}}}
"""


def run() -> dict[str, object]:
    """Measure both sizes; seconds are medians."""
    return {str(size): _size(size) for size in SIZES}


def _size(size: int) -> dict[str, float]:
    files = dict(_fleet(size))
    seconds, megabytes = _cold(files)
    return {"cold, seconds": seconds, "cold, MB": megabytes, "one file changed, seconds": _one_changed(files)}


def _fleet(size: int) -> Iterator[tuple[str, str]]:
    for n in range(HOSTS):
        yield f"hosts/host-{n}.yaml", HOST.format(n=n)
    templates = (("configmap", CONFIG_MAP), ("secret", CREDENTIALS), ("deployment", DEPLOYMENT))
    for number in range(size - HOSTS):
        kind, template = templates[number % 3]
        yield f"apps/app-{number // 3}/{kind}.yaml", template.format(n=number // 3)


def _written(files: Mapping[str, str], folder: Path) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _cold(files: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds and the memory of a whole process, from its start to its exit."""
    with tempfile.TemporaryDirectory() as folder:
        _written(files, Path(folder))
        runs = [_process([sys.executable, "-m", "agent", "validate", folder]) for _ in range(REPEATS)]
    return statistics.median(seconds for seconds, _ in runs), statistics.median(megabytes for _, megabytes in runs)


def _process(command: Sequence[str]) -> tuple[float, float]:
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the benchmark's own fleet must be valid"
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def _one_changed(files: Mapping[str, str]) -> float:
    """Return the seconds of a load in a running agent, after a commit that touches one file."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)  # as an agent runs with
    cache, seconds = Cache(), []
    _load(files, cache)
    changing = next(path for path in files if path.endswith("deployment.yaml"))
    for number in range(REPEATS):
        changed = {**files, changing: files[changing].replace("replicas: 2", f"replicas: {number + 3}")}
        seconds.append(_load(changed, cache))
    return statistics.median(seconds)


def _load(files: Mapping[str, str], cache: Cache) -> float:
    contents = {path: text.encode() for path, text in files.items()}
    blobs = [
        Blob(path=path, id=hashlib.sha256(content).hexdigest(), size=len(content))
        for path, content in sorted(contents.items())
    ]

    def read(wanted: Sequence[Blob]) -> Mapping[str, bytes]:
        return {blob.id: contents[blob.path] for blob in wanted}

    begin = time.perf_counter()
    loaded = load(Revision(id="benchmark"), blobs, read, cache)
    elapsed = time.perf_counter() - begin
    assert loaded.fleet is not None, loaded.problems[:3]
    return elapsed
