"""What is bound to what while a fleet is planned: opened from memory and hosts, written into as pods are placed."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from agent.model.memory import ClaimRecord, Memory
from agent.model.objects.storage import PersistentVolume
from agent.model.observation import last_known
from agent.model.volumes import volume_name
from agent.planner.scheduler import Room
from agent.planner.storage.classes import retention, root_of
from agent.planner.storage.marks import claim_uid, learn, mounted_paths, users_of
from agent.planner.storage.matching import match, reachable, size
from agent.planner.storage.retaining import policy_of
from agent.planner.storage.stock import Stock
from agent.planner.storage.uses import Asked, Use


class Ledger:
    """Bindings of claims by ``namespace/name``. Once it is open, only ``use`` changes it.

    ``users`` are the pods that are to use a claim, with their hosts, as far as they were placed.
    """

    def __init__(self, stock: Stock, memory: Memory) -> None:
        self.stock = stock
        self.records = learn(memory, stock.observations, stock.agent, stock.classes)
        self.users: dict[str, dict[str, str]] = {}
        self._taken = {record.volume for record in self.records.values() if not record.uid}
        self._mounted = {
            host: mounted
            for host, observation in stock.observations.items()
            if (stock.asked or self.records)
            and (seen := last_known(observation)) is not None
            and (mounted := mounted_paths(seen, stock.agent))
        }
        for name, asked in sorted(stock.asked.items()):
            if name not in self.records and not stock.delays(asked) and not stock.unsure(asked):
                self._bind_at_once(asked)

    def use(self, uses: Sequence[Use], host: str, pod: str) -> None:
        """Note that a pod uses claims on a host, and bind those that waited for that."""
        for name in self.by_size(uses):
            asked = self.stock.asked.get(name)
            if asked is None:
                continue
            if name not in self.records:
                self._bind_on(asked, host)
            record = self.records.get(name)
            if record is not None and not record.uid and asked.one_host and record.host != host:
                self.records[name] = replace(record, host=host)
            self.users.setdefault(name, {})[pod] = host

    def by_size(self, uses: Iterable[Use]) -> list[str]:
        """Return the claims of a pod, each once, the smallest first: the order in which they get volumes."""
        names = {use.claim for use in uses}
        return sorted(names, key=lambda name: (size(asked) if (asked := self.stock.asked.get(name)) else 0, name))

    def volume_on(self, asked: Asked, host: str, chosen: Iterable[str] = ()) -> PersistentVolume | None:
        """Return the volume that a claim would get on a host, none of those that were chosen already."""
        labels = self.stock.labels(host)
        return self._choose(asked, lambda volume: reachable(volume, host, labels), frozenset(chosen))

    def volume_anywhere(self, asked: Asked) -> PersistentVolume | None:
        """Return the volume that a claim would get if it made no difference where."""
        return self._choose(asked, lambda _volume: True, frozenset())

    def path(self, claim: str) -> str:
        """Return the folder that a claim is bound to; empty for what is no folder of a host."""
        record = self.records.get(claim)
        if record is None:
            return ""
        return record.path or folder_of(self.stock.volumes.get(record.volume))

    def running(self, claim: str) -> Mapping[str, str]:
        """Return the pods that have a claim's volume mounted, as far as is known, with their hosts."""
        record, path = self.records.get(claim), self.path(claim)
        if record is None or not path:
            return {}
        return {
            pod: host
            for host, mounted in self._mounted.items()
            if not record.uid or host == record.host
            for pod in users_of(path, mounted)
        }

    def _choose(
        self, asked: Asked, near: Callable[[PersistentVolume], bool], chosen: frozenset[str]
    ) -> PersistentVolume | None:
        return match(
            asked,
            self.stock.class_name(asked),
            self.stock.volumes.values(),
            free=lambda name: name not in self._taken and name not in chosen,
            near=near,
            used=lambda volume: self._was_used(asked, volume),
        )

    def _was_used(self, asked: Asked, volume: PersistentVolume) -> bool:
        """Tell whether a pod that is to use the claim runs with this very volume: memory was lost."""
        pods, path = self.stock.consumers.get(asked.name), folder_of(volume)
        if not pods or not path:
            return False
        return any(not pods.isdisjoint(users_of(path, mounted)) for mounted in self._mounted.values())

    def _bind_at_once(self, asked: Asked) -> None:
        """Bind a claim whose class does not wait; what is to be made goes where its pod goes, if there is one."""
        volume = self.volume_anywhere(asked)
        if volume is not None:
            self._bind(asked, volume)
        elif self.stock.makes(asked) and asked.name not in self.stock.consumers and (host := self._calmest()):
            self._make(asked, host)

    def _bind_on(self, asked: Asked, host: str) -> None:
        volume = self.volume_on(asked, host)
        if volume is not None:
            self._bind(asked, volume)
        elif self.stock.makes(asked):
            self._make(asked, host)

    def _bind(self, asked: Asked, volume: PersistentVolume) -> None:
        self._taken.add(volume.metadata.name)
        self.records[asked.name] = ClaimRecord(
            volume=volume.metadata.name,
            storage_class=self.stock.class_name(asked),
            ephemeral=bool(asked.owner),
            created=self.stock.now,
        )

    def _make(self, asked: Asked, host: str) -> None:
        found = self.stock.classes[self.stock.class_name(asked)]
        uid = claim_uid(self.stock.agent, asked.name)
        namespace, _, short = asked.name.partition("/")
        self.records[asked.name] = ClaimRecord(
            volume=f"pvc-{uid}",
            host=host,
            path=f"{root_of(found)}/{volume_name(namespace, short, uid)}",
            uid=uid,
            storage_class=found.metadata.name,
            ephemeral=bool(asked.owner),
            created=self.stock.now,
            retain=found.reclaim_policy == "Retain",
            grace=0.0 if asked.owner else retention(found),
            lasting=policy_of(asked.name, self.stock.policies) is not None,
        )

    def _calmest(self) -> str:
        """Return the host with the fewest volumes, of those where new pods come without tolerating anything."""
        volumes = {
            name: sum(record.host == name for record in self.records.values())
            for name, declared in sorted(self.stock.hosts.items())
            if Room(declared, self.stock.observations[name]).open
        }
        return min(volumes, key=lambda name: (volumes[name], name), default="")


def folder_of(volume: PersistentVolume | None) -> str:
    """Return the folder of a declared volume on its host; empty for one of a server."""
    if volume is None:
        return ""
    spec = volume.spec
    return spec.local.path if spec.local is not None else spec.host_path.path if spec.host_path is not None else ""
