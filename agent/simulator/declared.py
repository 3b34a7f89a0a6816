"""What a simulated repository declares, as values that know how to be written as manifests."""

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

from agent.model.labels import OUT_OF_SERVICE
from agent.model.value import Value
from agent.simulator.kinds.declared import Daemon, Kinds
from agent.simulator.kinds.manifests import documents

ORDER = "order"
"""The annotation in which pods carry the names of what has to start before their main container."""
IMAGES = ("registry.test/app:1", "registry.test/app:2", "registry.test/app:3")


class App(Value, frozen=True, kw_only=True):
    """A Deployment. ``config`` names a ConfigMap that it mounts; ``variable`` one that it reads as environment."""

    replicas: int
    image: str
    surge: int
    unavailable: int
    config: str = ""
    variable: str = ""
    init: tuple[Literal["init", "sidecar"], ...] = ()
    """What starts before the main container, in this order."""
    probed: bool = False
    """Whether the main container has probes for readiness and liveness."""


class Solo(Value, frozen=True, kw_only=True):
    """A Pod of its own on one host."""

    host: str
    image: str
    config: str = ""


class Bounds(NamedTuple):
    """The fewest pods that are to stay available, and the most that there may be."""

    least: int
    most: int


class Declaration(Value, frozen=True, kw_only=True):
    """All that one commit declares. ``broken`` is a file that makes it bad; ``configs`` are ConfigMaps by name."""

    hosts: tuple[str, ...]
    apps: Mapping[str, App] = {}
    solos: Mapping[str, Solo] = {}
    configs: Mapping[str, str] = {}
    kinds: Kinds = Kinds()
    broken: str = ""

    @property
    def bounded(self) -> Mapping[str, Bounds]:
        """How many pods there may be of everything that is replicated, by the label ``app`` of its pods."""
        budgets = self.kinds.budgets
        found = {
            name: Bounds(least=min(_least(app), budgets.get(name, app.replicas)), most=app.replicas + app.surge)
            for name, app in self.apps.items()
        }
        for name, one in self.kinds.sets.items():
            found[name] = Bounds(least=one.replicas - one.unavailable, most=one.replicas)
        for name, scaled in self.kinds.scaled.items():
            found[name] = Bounds(least=scaled.least - 1, most=scaled.most + 1)
        for name, crowd in self.kinds.crowds.items():
            found[name] = Bounds(least=crowd.replicas - 1, most=crowd.replicas + 1)
        for name, daemon in self.kinds.daemons.items():
            found[name] = self._everywhere(daemon)
        return found

    def _everywhere(self, daemon: Daemon) -> Bounds:
        hosts = len(self.hosts)
        if daemon.surge:
            # Every host is judged by itself: an older pod goes once a newer one is there. Where the older one does not
            # do its work, a newer one comes beside it, whatever the surge.
            return Bounds(least=0, most=2 * hosts)
        return Bounds(least=hosts - len(self.kinds.forgotten) - daemon.unavailable, most=hosts)

    def files(self) -> dict[str, str]:
        """Return the files of the commit."""
        written = {f"hosts/{name}.json": _json(_host(name, self.kinds)) for name in self.hosts}
        written |= {f"apps/{name}.json": _json(_deployment(name, app)) for name, app in self.apps.items()}
        written |= {f"pods/{name}.json": _json(_pod(name, solo)) for name, solo in self.solos.items()}
        written |= {f"config/{name}.json": _json(_config(name, text)) for name, text in self.configs.items()}
        written |= {file: _json(document) for file, document in documents(self.kinds)}
        if self.broken:
            written["apps/broken.yaml"] = self.broken
        return written


def _json(document: object) -> str:
    return json.dumps(document, indent=1)


def _least(app: App) -> int:
    # Both bounds 0 means one unavailable, as in Kubernetes.
    return app.replicas - (app.unavailable if app.surge or app.unavailable else 1)


def _host(name: str, kinds: Kinds) -> object:
    spec: dict[str, object] = {
        "ssh": {"address": f"{name}.test"},
        "allocatable": {"cpu": f"{kinds.cores}", "memory": "64Gi", "pods": "110"},
    }
    if name in kinds.drained:
        spec |= {"unschedulable": True, "drain": True}
    if name in kinds.cordoned:
        spec |= {"unschedulable": True}
    if name in kinds.forgotten:
        spec |= {"taints": [{"key": OUT_OF_SERVICE, "effect": "NoExecute"}]}
    return {"apiVersion": "trimtab.dev/v1alpha1", "kind": "Host", "metadata": {"name": name}, "spec": spec}


def _config(name: str, text: str) -> object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": text}}


def _deployment(name: str, app: App) -> object:
    rolling = {"maxSurge": app.surge, "maxUnavailable": app.unavailable}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": app.replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {ORDER: ",".join(init_names(app))}},
                "spec": _with_init(_pod_spec(app.image, app.config, app.variable, probed=app.probed), app),
            },
        },
    }


def _pod(name: str, solo: Solo) -> object:
    spec = {**_pod_spec(solo.image, solo.config, ""), "nodeName": solo.host}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def init_names(app: App) -> list[str]:
    """Return the names of an app's init containers and sidecars, in their order."""
    return [f"{role}-{place}" for place, role in enumerate(app.init)]


def _with_init(spec: dict[str, object], app: App) -> dict[str, object]:
    init = [
        {"name": name, "image": app.image, "imagePullPolicy": "IfNotPresent"}
        | ({"restartPolicy": "Always"} if name.startswith("sidecar") else {})
        for name in init_names(app)
    ]
    return {**spec, "initContainers": init} if init else spec


def _pod_spec(image: str, config: str, variable: str, *, probed: bool = False) -> dict[str, object]:
    container: dict[str, object] = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent"}
    if probed:
        probe = {"tcpSocket": {"port": 80}, "periodSeconds": 2, "failureThreshold": 2}
        container |= {"readinessProbe": probe, "livenessProbe": probe}
    spec: dict[str, object] = {"containers": [container]}
    if config:
        container["volumeMounts"] = [{"name": "config", "mountPath": "/etc/config"}]
        spec["volumes"] = [{"name": "config", "configMap": {"name": config}}]
    if variable:
        container["env"] = [{"name": "TEXT", "valueFrom": {"configMapKeyRef": {"name": variable, "key": "text"}}}]
    return spec
