"""The little that neither git nor the hosts can tell; an explicit value, saved by the agent before it acts."""

from collections.abc import Mapping

from agent.model.value import Value


class ClaimRecord(Value, frozen=True, kw_only=True):
    """What a PersistentVolumeClaim is bound to, and what becomes of it when nobody declares the claim any more.

    ``volume`` is the PersistentVolume's name; ``path`` and ``uid`` are set for one that trimtab made, as a folder of
    ``host``. ``host`` also pins a claim that only one host at a time may use. ``seen`` tells that the folder was seen
    there. ``removed_at`` is since when nobody declares or uses the claim, 0 while somebody does; ``grace`` seconds
    later the data goes, unless it is to be retained.
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


class Memory(Value, frozen=True, kw_only=True, weakref=True):
    """``placements`` maps ``namespace/name`` of every wanted pod to its host, so that a placement sticks.

    ``leaving`` maps those that a rollout or a smaller replica count has sent away to their host, until they are seen
    gone: while one of them still winds down it counts for nothing, and no other is sent away in its stead.

    ``claims`` maps ``namespace/name`` of every claim that has a volume to what that is, removed claims among them.
    ``unlooked`` are the hosts that this memory began without a look at: data of claims that it does not know may be
    there. None before the first plan. ``tainted`` maps hosts to their NoExecute taints (``key=value``) and since when
    each is there: some pods bear one only for a time.

    Losing it is survivable: live pods stay where they are seen; only pods of hosts that are unseen at that moment,
    and pods planned but not created yet, are placed anew. Volumes that trimtab made are known again by their marks.
    """

    version: int = 1
    placements: Mapping[str, str] = {}
    leaving: Mapping[str, str] = {}
    claims: Mapping[str, ClaimRecord] = {}
    unlooked: tuple[str, ...] | None = None
    tainted: Mapping[str, Mapping[str, float]] = {}
