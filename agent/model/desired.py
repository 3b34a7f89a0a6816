"""Desired state of one host: what the fleet planner hands to the host planner."""

from collections.abc import Mapping
from typing import Literal

from agent.model.capacity import Allotment
from agent.model.cause import Cause
from agent.model.objects.meta import ConfigKey, ObjectKey, PodKey
from agent.model.objects.pod import PodSpec
from agent.model.origin import Origin
from agent.model.value import MASK, Value
from agent.model.volumes import VolumeMark


class ConfigData(Value, frozen=True, kw_only=True):
    """The content of a ConfigMap or Secret, decoded, and where it was written. Content never shows in repr."""

    key: ConfigKey
    entries: Mapping[str, bytes]
    origin: Origin

    @property
    def sensitive(self) -> bool:
        """Whether the content must never be shown."""
        return self.key.kind == "Secret"

    def __repr__(self) -> str:
        return f"ConfigData({self.key.kind} {self.key.name}, entries={sorted(self.entries)}, content={MASK})"


class ClaimedVolume(Value, frozen=True, kw_only=True):
    """The volume behind a claim of a pod: a folder of the host, or (with ``server``) one of an NFS server."""

    claim: str
    volume: str
    """The PersistentVolume's name."""
    path: str
    server: str = ""
    mount_options: tuple[str, ...] = ()
    provisioned: bool = False
    """The folder is made where it is missing. Not so one that was seen: what is missing then is its disk."""


class DesiredPod(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """A pod that belongs on the host, with everything needed to render it.

    ``spec_path`` is where its PodSpec stands in the owner's manifest (``spec`` or ``spec.template.spec``). ``config``
    holds exactly the ConfigMaps and Secrets that the spec refers to and that exist. ``claims`` maps the pod's volumes
    to what they are bound to; ``runtime`` is the handler that its RuntimeClass names. Of a pod that is ``older`` than
    its owner's template what is there stays as it is, and only what it lacks is made.
    """

    key: PodKey
    owner: ObjectKey
    origin: Origin
    spec_path: str
    spec: PodSpec
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    config: Mapping[ConfigKey, ConfigData] = {}
    claims: Mapping[str, ClaimedVolume] = {}
    runtime: str = ""
    older: bool = False


class KeptPod(Value, frozen=True, kw_only=True):
    """A pod of an older template that stays, as it is, until the rollout lets it go.

    Its manifest is gone, so it is healed from its live configuration: exited containers restart as they were.
    """

    key: PodKey
    cause: Cause


LeavingReason = Literal[
    "undeclared", "scaled-down", "replaced", "moved", "duplicate", "evicted", "preempted", "surplus", "finished"
]


class LeavingPod(Value, frozen=True, kw_only=True):
    """A pod that goes, and why. A pod that is mentioned nowhere stays: the fleet planner has not seen it yet.

    ``reason`` in one word: ``replaced`` by a pod of a newer template, ``moved`` to another host, ``duplicate`` of the
    pod of that name on another host; ``evicted`` from a host that is drained or tainted, ``preempted`` by a pod that
    comes before it, ``surplus`` since others took its place while its host was unseen; ``finished`` pods of jobs are
    not kept any longer. ``scaled-down`` and ``undeclared`` pods get no successor.
    """

    key: PodKey
    cause: Cause
    reason: LeavingReason = "undeclared"


class HeldVolume(Value, frozen=True, kw_only=True):
    """A volume that trimtab keeps on the host for a claim. One that was ``seen`` there is never made again, empty."""

    mark: VolumeMark
    cause: Cause
    seen: bool = False


class ReleasedVolume(Value, frozen=True, kw_only=True):
    """A volume whose claim is gone for longer than the time of grace: its data is to be removed."""

    mark: VolumeMark
    cause: Cause


class HostDesired(Value, frozen=True, kw_only=True):
    """All that one host should run and keep. Sequences are sorted by key.

    A volume that stands neither in ``volumes`` nor in ``released`` is left as it is.
    """

    host: str
    agent: str
    """The agent's name: the ownership label's value."""
    revision: str
    allotment: Allotment = Allotment()
    priorities: Mapping[str, int] = {}
    """Values of the fleet's PriorityClasses, by name; that of pods without a class under an empty name."""
    pods: tuple[DesiredPod, ...] = ()
    kept: tuple[KeptPod, ...] = ()
    leaving: tuple[LeavingPod, ...] = ()
    volumes: tuple[HeldVolume, ...] = ()
    released: tuple[ReleasedVolume, ...] = ()
