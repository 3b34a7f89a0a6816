"""The pods that a host was seen to run, put together from the runtime's flat lists of sandboxes and containers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import get_args

from agent.model.labels import (
    AGENT,
    CONTAINER_NAME,
    GRACE_PERIOD,
    OWNER,
    POD_NAME,
    POD_NAMESPACE,
    POD_TEMPLATE_HASH,
    POD_UID,
    RESTART_POLICY,
    REVISION_HASH,
    ROUND,
)
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.objects.pod import RestartPolicy
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.model.probing import Health
from agent.model.value import Value
from agent.planner.health import health_of
from agent.planner.memo import remembered
from agent.planner.restartpolicy import comes_back, role_of, round_of

_BOOKKEEPING = frozenset({AGENT, POD_NAME, POD_NAMESPACE, POD_UID})
_DEFAULT_GRACE = 30
_LONGEST_GRACE = 86_400


class ObservedPod(Value, frozen=True, kw_only=True):
    """One pod of ours on a host.

    ``sandboxes`` are all that carry its name, newest first; ``containers`` are those of the newest sandbox that are
    ours, by name, newest first; ``strangers`` are containers in it that are not ours (made by hand). ``health`` is
    what probes tell of them, by container id. ``round`` is how often all of them were started anew together, and
    ``past`` are those of the rounds before.
    """

    key: PodKey
    sandboxes: tuple[SandboxSeen, ...]
    containers: Mapping[str, tuple[ContainerSeen, ...]] = {}
    strangers: tuple[ContainerSeen, ...] = ()
    health: Mapping[str, Health] = {}
    round: int = 0
    past: Mapping[str, tuple[ContainerSeen, ...]] = {}

    @property
    def sandbox(self) -> SandboxSeen:
        """The newest sandbox."""
        return self.sandboxes[0]

    @property
    def uid(self) -> str:
        """The pod's uid."""
        return self.sandbox.config.uid

    @property
    def labels(self) -> Mapping[str, str]:
        """The pod's own labels, without those that only keep the books."""
        return {name: value for name, value in self.sandbox.config.labels.items() if name not in _BOOKKEEPING}

    @property
    def template_hash(self) -> str:
        """``pod-template-hash`` or ``controller-revision-hash``, empty for a pod without one."""
        labels = self.sandbox.config.labels
        return labels.get(POD_TEMPLATE_HASH) or labels.get(REVISION_HASH, "")

    @property
    def owner(self) -> ObjectKey | None:
        """The object that asked for the pod, as its sandbox remembers; None when that was lost."""
        return _owner(self.sandbox.config.annotations.get(OWNER, ""))

    @property
    def restart_policy(self) -> RestartPolicy:
        """What the pod asked for when it was made."""
        written = self.sandbox.config.annotations.get(RESTART_POLICY)
        return next((policy for policy in get_args(RestartPolicy) if policy == written), "Always")

    @property
    def grace_period(self) -> int:
        """Seconds that its containers get to end by themselves, as the pod asked for when it was made."""
        written = self.sandbox.config.annotations.get(GRACE_PERIOD, "")
        if not (written.isascii() and written.isdigit() and len(written) < 10):
            return _DEFAULT_GRACE
        return min(int(written), _LONGEST_GRACE)

    @property
    def current(self) -> Mapping[str, ContainerSeen]:
        """The newest container of each name."""
        return {name: found[0] for name, found in self.containers.items()}

    @property
    def created_at(self) -> float:
        """When its newest sandbox was made."""
        return self.sandbox.created_at

    @property
    def main(self) -> tuple[str, ...]:
        """The names of the main containers that are there."""
        return tuple(name for name, found in self.containers.items() if role_of(found[0].config) == "main")

    @property
    def ended(self) -> bool:
        """Whether its work is over: all main containers ended for good, or an init container failed for good."""
        work = [one for one in self.current.values() if role_of(one.config) != "sidecar"]
        return all(
            one.state == "exited" and not comes_back(one.config, one.exit_code, self.restart_policy) for one in work
        ) and (bool(self.main) or any(one.exit_code for one in work))

    @property
    def over(self) -> bool:
        """Whether it ran to its end, its sidecars too."""
        return self.ended and all(one.state == "exited" for one in self.current.values())

    def ready(self, names: Sequence[str]) -> bool:
        """Tell whether the sandbox is ready, and with it every named container and every sidecar that is there."""
        return self.sandbox.ready and all(
            name in self.containers and self.is_ready(self.containers[name][0]) for name in self._counted(names)
        )

    def is_ready(self, container: ContainerSeen) -> bool:
        """Tell whether a container of the pod runs, and its probes agree."""
        return container.state == "running" and health_of(container, self.health).ready

    def ready_since(self, names: Sequence[str], clock_skew: float = 0.0) -> float | None:
        """Return since when the pod is ready, on the agent's clock; None while it is not.

        ``clock_skew`` is the host's clock minus ours: containers start by the host's, probes are made by ours.
        """
        if not self.ready(names):
            return None
        newest = [self.containers[name][0] for name in self._counted(names)]
        started = max((one.started_at for one in newest), default=self.created_at) - clock_skew
        return max([started, *(health_of(one, self.health).since for one in newest)])

    def _counted(self, names: Sequence[str]) -> list[str]:
        return [*names, *(name for name, found in self.containers.items() if role_of(found[0].config) == "sidecar")]


@lru_cache(maxsize=16_384)
def _owner(text: str) -> ObjectKey | None:
    """Return an owner as an annotation has it; for all pods of one owner the same."""
    parts = text.split("/")
    return ObjectKey(kind=parts[0], namespace=parts[1], name=parts[2]) if len(parts) == 3 else None


@remembered
def observed_pods(seen: Seen, agent: str) -> Mapping[PodKey, ObservedPod]:
    """Return the pods on a host that belong to an agent, sorted by key. What is not ours is not in it."""
    sandboxes: dict[PodKey, list[SandboxSeen]] = defaultdict(list)
    for sandbox in seen.sandboxes:
        if sandbox.config.labels.get(AGENT) == agent:
            config = sandbox.config
            sandboxes[PodKey(namespace=config.namespace, name=config.name)].append(sandbox)
    inside: dict[str, list[ContainerSeen]] = defaultdict(list)
    for container in seen.containers:
        inside[container.sandbox_id].append(container)
    return {
        key: _pod(key, sandboxes[key], inside, agent, seen.health)
        for key in sorted(sandboxes, key=lambda key: (key.namespace, key.name))
    }


def _apart(
    containers: Mapping[str, list[ContainerSeen]], newest: int
) -> tuple[dict[str, list[ContainerSeen]], dict[str, tuple[ContainerSeen, ...]]]:
    """Return the containers of the newest round, and those of the rounds before."""
    now = {name: [one for one in found if round_of(one.config) == newest] for name, found in containers.items()}
    before = {name: tuple(one for one in found if one not in now[name]) for name, found in sorted(containers.items())}
    return {name: found for name, found in now.items() if found}, {
        name: found for name, found in before.items() if found
    }


def _pod(
    key: PodKey,
    sandboxes: list[SandboxSeen],
    inside: Mapping[str, Sequence[ContainerSeen]],
    agent: str,
    health: Mapping[str, Health],
) -> ObservedPod:
    if len(sandboxes) > 1:
        sandboxes.sort(key=lambda one: (one.created_at, one.config.attempt, one.id), reverse=True)
    containers: dict[str, list[ContainerSeen]] = {}
    strangers = []
    for container in inside.get(sandboxes[0].id, ()):
        if container.config.labels.get(AGENT) == agent:
            name = container.config.labels.get(CONTAINER_NAME, container.config.name)
            containers.setdefault(name, []).append(container)
        else:
            strangers.append(container)
    for found in containers.values():
        if len(found) > 1:
            found.sort(key=lambda one: (one.config.attempt, one.created_at, one.id), reverse=True)
    every = (one.config for found in containers.values() for one in found)
    newest = max((round_of(config) for config in every if ROUND in config.annotations), default=0)
    past: dict[str, tuple[ContainerSeen, ...]] = {}
    if newest:
        containers, past = _apart(containers, newest)
    return ObservedPod(
        key=key,
        sandboxes=tuple(sandboxes),
        containers={name: tuple(containers[name]) for name in sorted(containers)},
        round=newest,
        past=past,
        strangers=tuple(strangers),
        health={one.id: health[one.id] for found in containers.values() for one in found if one.id in health}
        if health
        else {},
    )
