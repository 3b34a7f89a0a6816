"""A small fleet with a Secret, rehearsed into being: what its hosts would show without any host."""

from collections.abc import Mapping, Sequence
from functools import cache

from agent.cli.look.comparing import compare
from agent.cli.render.report import DiffReport
from agent.manifests import Cache, load
from agent.model.memory import Memory
from agent.model.objects.fleet import Fleet
from agent.model.observation import Observation, RuntimeFacts, Seen
from agent.model.origin import Blob, Location, Revision
from agent.model.plan import FingerprintKey, FleetInput
from agent.planner.rehearsal import rehearse
from agent.ports import Blame

NOW = 1_800_000_000.0
MARKER = "hunter2-marker"
KEY = FingerprintKey(value=bytes(range(32)))
HOSTS = ("edge-1", "edge-2")

_HOST = """\
apiVersion: trimtab.dev/v1alpha1
kind: Host
metadata: {{name: {name}}}
spec: {{ssh: {{address: 10.0.0.{number}}}}}
"""

APPS = """\
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: hunter2-marker-one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: site}
data: {title: Open all day}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1.0
          volumeMounts: [{name: site, mountPath: /site}]
      volumes:
        - name: site
          configMap: {name: site}
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  nodeName: edge-1
  containers:
    - name: main
      image: registry.example/app:1.0
      command: [serve, "--password=$(PASSWORD)"]
      env:
        - name: PASSWORD
          valueFrom: {secretKeyRef: {name: db, key: password}}
      volumeMounts: [{name: db, mountPath: /db}]
  volumes:
    - name: db
      secret: {secretName: db}
"""


class Folder:
    """A source that is nothing but one file, each of its lines by another author."""

    def __init__(self, text: str, revision: str = "3f2a9c1d2e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b") -> None:
        self._revision = Revision(id=revision, author="Ana", at=NOW - 300, subject="open all night")
        hosts = "---\n".join(_HOST.format(name=name, number=number) for number, name in enumerate(HOSTS, 11))
        self._files = {"apps.yaml": text.encode(), "hosts.yaml": hosts.encode()}

    def fetch(self) -> None:
        """Nothing to fetch."""

    def resolve(self, ref: str | None = None) -> Revision:
        assert ref is None
        return self._revision

    def tree(self, revision: Revision) -> list[Blob]:
        assert revision == self._revision
        return [
            Blob(path=path, id=f"{path}-{hash(content)}", size=len(content)) for path, content in self._files.items()
        ]

    def read(self, revision: Revision, blobs: Sequence[Blob]) -> Mapping[str, bytes]:
        assert revision == self._revision
        return {blob.id: self._files[blob.path] for blob in blobs}

    def blame(self, revision: Revision, location: Location) -> Blame | None:
        assert revision == self._revision
        return Blame(
            revision=f"{location.line:07d}{'0' * 33}",
            author=f"author of line {location.line}",
            at=NOW - 100,
            subject=f"touch line {location.line}",
        )


def fleet_of(source: Folder) -> Fleet:
    revision = source.resolve()
    loaded = load(revision, source.tree(revision), lambda blobs: source.read(revision, blobs), Cache())
    assert loaded.fleet is not None, loaded.problems
    return loaded.fleet


def given(fleet: Fleet, observations: dict[str, Observation]) -> FleetInput:
    return FleetInput(agent="test", fleet=fleet, observations=observations, memory=Memory(), key=KEY, now=NOW)


def empty() -> dict[str, Observation]:
    facts = RuntimeFacts(version="1.7.0", cpu_millis=4000, memory_bytes=8 << 30)
    return {name: Seen(at=NOW, facts=facts) for name in HOSTS}


@cache
def running() -> dict[str, Observation]:
    """What the hosts show once everything in APPS runs."""
    return dict(rehearse(given(fleet_of(Folder(APPS)), empty())).observations)


def report(text: str, observations: dict[str, Observation]) -> DiffReport:
    source = Folder(text)
    return compare(given(fleet_of(source), observations), source, HOSTS)
