"""Objects by what identifies them."""

from collections.abc import Sequence

from agent.manifests.parsed import ParsedObject
from agent.model.objects.host import Host
from agent.model.objects.meta import ObjectKey
from agent.model.objects.storage import PersistentVolume

_VOLUME = "PersistentVolume"


class Index:
    """All objects in the order of their places, found by key, and the hosts among them."""

    def __init__(self, objects: Sequence[ParsedObject]) -> None:
        self.objects = objects
        self.by_key: dict[ObjectKey, list[ParsedObject]] = {}
        for entry in objects:
            self.by_key.setdefault(entry.key, []).append(entry)
        self.all_hosts = [entries[0] for key, entries in self.by_key.items() if key.kind == "Host"]
        self.hosts: list[tuple[ParsedObject, Host]] = [
            (entry, entry.declared.body)
            for entry in self.all_hosts
            if entry.declared is not None and isinstance(entry.declared.body, Host)
        ]
        volumes = [entry.declared for key, entries in self.by_key.items() for entry in entries if key.kind == _VOLUME]
        self.volume_classes = {
            volume.body.spec.storage_class_name
            for volume in volumes
            if volume is not None and isinstance(volume.body, PersistentVolume)
        }
        """The StorageClasses that declared volumes name; a claim may name one of them, too."""

    def names(self, kind: str, namespace: str) -> list[str]:
        """Return the names of a kind in a namespace, sorted."""
        return sorted(key.name for key in self.by_key if key.kind == kind and key.namespace == namespace)
