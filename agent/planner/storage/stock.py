"""What there is to bind while a fleet is planned: claims, volumes, classes, hosts, and what the hosts show."""

from collections.abc import Mapping, Sequence

from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared
from agent.model.objects.statefulset import ClaimRetention
from agent.model.objects.storage import PersistentVolume, StorageClass
from agent.model.observation import Observation, Unseen
from agent.model.plan import FleetInput
from agent.model.value import Value
from agent.model.volumes import is_plain
from agent.planner.ofkind import of_kind
from agent.planner.scheduler import host_labels
from agent.planner.storage.classes import class_of, makes_volumes, root_of, waits_for_consumer
from agent.planner.storage.retaining import policies
from agent.planner.storage.uses import Asked, asked_for, consumers_of
from agent.planner.workload import Claim


class Stock(Value, frozen=True, kw_only=True):
    """All of it by name. ``consumers`` are the pods that are to use a claim, by claim.

    ``unlooked`` are hosts that may hold volumes of which nobody here knows. ``policies`` are those of StatefulSets for
    claims of pods that are not wanted any more.
    """

    agent: str
    now: float
    asked: Mapping[str, Asked]
    consumers: Mapping[str, frozenset[str]]
    volumes: Mapping[str, PersistentVolume]
    classes: Mapping[str, StorageClass]
    hosts: Mapping[str, Declared[Host]]
    observations: Mapping[str, Observation]
    unlooked: tuple[str, ...] = ()
    policies: Mapping[str, ClaimRetention] = {}

    def labels(self, host: str) -> Mapping[str, str]:
        """Return a host's labels."""
        declared = self.hosts.get(host)
        return host_labels(declared) if declared is not None else {}

    def class_name(self, asked: Asked) -> str:
        """Return the name of a claim's class; empty when it has none."""
        return class_of(asked.spec, self.classes)

    def delays(self, asked: Asked) -> bool:
        """Tell whether a claim's class binds it with its first pod only."""
        return waits_for_consumer(self.classes.get(self.class_name(asked))) and not asked.spec.volume_name

    def makes(self, asked: Asked) -> bool:
        """Tell whether trimtab can make a volume for a claim."""
        return not self.unmakeable(asked)

    def unmakeable(self, asked: Asked) -> str:
        """Return why no volume can be made for a claim; empty when one can."""
        name = self.class_name(asked)
        found = self.classes.get(name)
        if asked.spec.volume_name:
            return f'volume "{asked.spec.volume_name}" is not there, not free or does not fit'
        if found is None:
            missing = f'storageclass "{name}" not found' if name else "no storage class is set"
            return f"no persistent volumes available for this claim and {missing}"
        if not makes_volumes(found):
            return "no persistent volumes available for this claim, and its class makes none"
        if not is_plain(root_of(found)):
            return f'storageclass "{name}": parameters.root must be a plain absolute path of letters, digits and ._-'
        return self._unlocal(asked)

    @staticmethod
    def _unlocal(asked: Asked) -> str:
        if not asked.one_host:
            return "trimtab.dev/local makes folders of one host, which can be ReadWriteOnce or ReadWriteOncePod only"
        return "trimtab.dev/local makes no volumes for a selector" if asked.spec.selector is not None else ""

    def unsure(self, asked: Asked) -> str:
        """Return why it cannot be told yet whether a claim has data already; empty when it can."""
        found = self.classes.get(self.class_name(asked))
        if not self.unlooked or found is None or not makes_volumes(found):
            return ""
        return f"its data may be on {', '.join(self.unlooked[:3])}, which nobody has looked at yet"


def take_stock(given: FleetInput, hosts: Mapping[str, Declared[Host]], workloads: Sequence[Claim]) -> Stock:
    """Return what there is to bind."""
    return Stock(
        agent=given.agent,
        now=given.now,
        asked=asked_for(of_kind(given.fleet, PersistentVolumeClaim), workloads),
        consumers=consumers_of(workloads),
        volumes={key.name: one.body for key, one in of_kind(given.fleet, PersistentVolume).items()},
        classes={key.name: one.body for key, one in of_kind(given.fleet, StorageClass).items()},
        hosts=hosts,
        observations=given.observations,
        unlooked=still_unlooked(given),
        policies=policies(workloads),
    )


def still_unlooked(given: FleetInput) -> tuple[str, ...]:
    """Return the hosts that were there when memory began and have not been seen since."""
    before = given.memory.unlooked
    return tuple(
        name
        for name, observation in sorted(given.observations.items())
        if isinstance(observation, Unseen) and observation.last_known is None and (before is None or name in before)
    )
