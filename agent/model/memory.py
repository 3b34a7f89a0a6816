"""The little that neither git nor the hosts can tell; an explicit value, saved by the agent before it acts."""

from collections.abc import Mapping
from typing import Literal

from agent.model.kindstatus import AutoscalerStatus
from agent.model.value import Value


class ClaimRecord(Value, frozen=True, kw_only=True):
    """What a PersistentVolumeClaim is bound to, and what becomes of it when nobody declares the claim any more.

    ``volume`` is the PersistentVolume's name; ``path`` and ``uid`` are set for one that trimtab made, as a folder of
    ``host``. ``host`` also pins a claim that only one host at a time may use. ``seen`` tells that the folder was seen
    there. ``removed_at`` is since when nobody declares or uses the claim, 0 while somebody does; ``grace`` seconds
    later the data goes, unless it is to be retained. ``lasting`` is a StatefulSet's that is to outlive the set.
    """

    volume: str
    host: str = ""
    path: str = ""
    uid: str = ""
    storage_class: str = ""
    ephemeral: bool = False
    created: float = 0.0
    seen: bool = False
    retain: bool = True
    grace: float = 0.0
    removed_at: float = 0.0
    lasting: bool = False


class RolloutRecord(Value, frozen=True, kw_only=True):
    """How a workload got to its newest template.

    ``revision`` counts templates from 1, ``hash`` names the newest; ``progressed_at`` is when the rollout last got
    anywhere, and ``updated``, ``available`` and ``older`` are the counts of pods that it had then. ``whole`` once it
    was through; ``paused`` while it is not to go on. ``enough`` tells whether the workload has the pods available that
    it needs, ``enough_since`` when that changed last, 0 if it never did. ``sizes`` are how many pods of each template
    are to exist, by hash, as Kubernetes keeps it with each ReplicaSet; ``replicas`` and ``most`` are the count that
    was wanted then, and with its surge.

    ``templates`` are older ones that pods still live of, by hash, as JSON: a pod of one that is lost is made again from
    it. ``numbers`` are the revisions of these.

    ``current`` is the template of the last rollout that was through: what a StatefulSet's pods are made from that are
    not to be updated yet; ``turned`` are the ordinals whose turn has come.
    """

    hash: str
    revision: int = 1
    progressed_at: float = 0.0
    updated: int = 0
    available: int = 0
    older: int = 0
    whole: bool = False
    paused: bool = False
    enough: bool = False
    enough_since: float = 0.0
    sizes: Mapping[str, int] = {}
    replicas: int = 0
    most: int = 0
    templates: Mapping[str, str] = {}
    numbers: Mapping[str, int] = {}
    current: str = ""
    turned: tuple[int, ...] = ()


class JobRecord(Value, frozen=True, kw_only=True):
    """What became of a job so far. It outlives the pods, and the hosts that they ran on.

    ``hash`` names the template; a job whose template changes begins anew. Numbers are written ``0-3,7``. ``active`` are
    the places that have, or are to have, a pod: indexes, of which ``attempts`` counts the pods that each has used up,
    or else running numbers, of which ``next`` is the first unused. A pod's end is counted, once, when its place closes.
    ``missing`` are running numbers whose pods were given up for lost, and may turn out to have succeeded.

    ``index_failures`` is by index: failures that count, failures in a row, and when the last was. ``last_failures`` are
    those of all pods in a row since the last success, the last of them at ``failed_at``: what back-off follows from.
    ``outcome`` is decided at ``decided_at``, and stands from ``finished_at`` on, when the last pod has stopped.
    ``started_at`` is 0 before the job begins and while it is suspended.
    """

    hash: str
    started_at: float = 0.0
    suspended_at: float = 0.0
    active: str = ""
    next: int = 0
    attempts: Mapping[str, int] = {}
    missing: str = ""
    succeeded: int = 0
    failed: int = 0
    completed: str = ""
    failed_indexes: str = ""
    index_failures: Mapping[str, tuple[int, int, float]] = {}
    last_failures: int = 0
    failed_at: float = 0.0
    outcome: Literal["", "Complete", "Failed"] = ""
    reason: str = ""
    message: str = ""
    decided_at: float = 0.0
    finished_at: float = 0.0


class CronRecord(Value, frozen=True, kw_only=True):
    """What a CronJob did. ``since`` is when it was first seen; ``last`` when its last job was due.

    ``jobs`` are those that are kept, by name: when each was due. ``made`` names the template of each, and ``templates``
    holds these as JSON: a changed CronJob changes no job that there is. ``stopped`` are those of them that go on no
    more, until their pods are gone. ``missed`` counts the times before ``last`` that passed without a job.
    """

    since: float
    last: float = 0.0
    missed: int = 0
    succeeded_at: float = 0.0
    jobs: Mapping[str, float] = {}
    made: Mapping[str, str] = {}
    stopped: tuple[str, ...] = ()
    templates: Mapping[str, str] = {}


class ScaleRecord(Value, frozen=True, kw_only=True):
    """What an autoscaler asked for. ``replicas`` is what holds now; all times by the agent's clock, oldest first.

    ``wishes`` are what its metrics asked for within the stabilisation windows, ``changes`` by how much the count was
    changed within the periods of its policies; both only as far as they still matter. ``shown`` is what the last look
    said.
    """

    replicas: int
    scaled_at: float = 0.0
    looked_at: float = 0.0
    wishes: tuple[tuple[float, int], ...] = ()
    changes: tuple[tuple[float, int], ...] = ()
    shown: AutoscalerStatus = AutoscalerStatus()


class EvictionRecord(Value, frozen=True, kw_only=True):
    """A pod that was sent away from ``host`` on purpose, to be placed anew, until it is seen gone from there.

    There is no way back: its host may have told it to stop. ``by`` is the pod that it makes room for, by its name.
    """

    host: str
    reason: Literal["evicted", "preempted"]
    why: str
    by: str = ""


class Memory(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """``placements`` maps ``namespace/name`` of every wanted pod to its host, so that a placement sticks.

    ``leaving`` maps those that a rollout or a smaller replica count has sent away to their host, until they are seen
    gone: while one of them still winds down it counts for nothing, and no other is sent away in its stead. ``lost``
    maps pods to hosts that are unseen for so long that others took their place. ``evicted`` are those that are on
    their way from one host to another; ``asked`` maps pods that somebody asked to be moved to the hosts that they are
    to leave, as soon as budgets allow. ``pending`` are those of ``placements`` that no host was told to
    start yet.

    ``claims`` maps ``namespace/name`` of every claim that has a volume to what that is, removed claims among them.
    ``unlooked`` are the hosts that this memory began without a look at: data of claims that it does not know may be
    there. None before the first plan. ``tainted`` maps hosts to their NoExecute taints (``key=value``) and since when
    each is there, being unseen among them: some pods bear one only for a time.

    ``rollouts``, ``jobs`` and ``crons`` are by ``Kind namespace/name``, ``autoscalers`` by that of what they scale.

    Losing it is survivable: live pods stay where they are seen; only pods of hosts that are unseen at that moment,
    and pods planned but not created yet, are placed anew. Volumes that trimtab made are known again by their marks.
    What is relearned of jobs and autoscalers, and what is risked, docs/operations.md says.
    """

    version: int = 1
    placements: Mapping[str, str] = {}
    leaving: Mapping[str, str] = {}
    lost: Mapping[str, str] = {}
    evicted: Mapping[str, EvictionRecord] = {}
    asked: Mapping[str, str] = {}
    pending: tuple[str, ...] = ()
    claims: Mapping[str, ClaimRecord] = {}
    unlooked: tuple[str, ...] | None = None
    tainted: Mapping[str, Mapping[str, float]] = {}
    rollouts: Mapping[str, RolloutRecord] = {}
    jobs: Mapping[str, JobRecord] = {}
    crons: Mapping[str, CronRecord] = {}
    autoscalers: Mapping[str, ScaleRecord] = {}
