"""Short ways to declare StatefulSets and DaemonSets, and a world in which their pods become ready when told to."""

# ruff: noqa: ANN401 -- the shorthands below pass fields on to typed constructors

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from agent.model.action import Action
from agent.model.objects import ObjectMeta
from agent.model.objects.daemonset import DaemonRollingUpdate, DaemonSet, DaemonSetSpec, DaemonSetStrategy
from agent.model.objects.pod import Container, ExecAction, PodSpec, PodTemplate, PodTemplateMeta, Probe, VolumeMount
from agent.model.objects.selector import LabelSelector
from agent.model.objects.statefulset import (
    ClaimTemplate,
    StatefulRollingUpdate,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStrategy,
)
from agent.model.probing import Health
from agent.model.status import ObjectStatus
from agent.planner.pods import ObservedPod, observed_pods
from tests.planner.fleet.build import World, container
from tests.planner.storage.build import claim_spec

ON_DELETE = StatefulSetStrategy(type="OnDelete")
DAEMON_ON_DELETE = DaemonSetStrategy(type="OnDelete")


def rolling(partition: int = 0, unavailable: int | str | None = None) -> StatefulSetStrategy:
    return StatefulSetStrategy(rolling_update=StatefulRollingUpdate(partition=partition, max_unavailable=unavailable))


def daemon_rolling(unavailable: int | str = 1, surge: int | str = 0) -> DaemonSetStrategy:
    return DaemonSetStrategy(rolling_update=DaemonRollingUpdate(max_unavailable=unavailable, max_surge=surge))


def slow(image: str = "app:1", **fields: Any) -> Container:
    """Declare a container that is ready only once its readiness probe passed: when a test says so."""
    return container(image, readiness_probe=Probe(exec=ExecAction(command=("ready",))), **fields)


def stateful(
    replicas: int = 3,
    *containers: Container,
    name: str = "db",
    pod: dict[str, Any] | None = None,
    claims: Iterable[str] = (),
    **spec: Any,
) -> StatefulSet:
    """Declare a StatefulSet; `pod` are more fields of its pods' spec, `claims` names of claim templates."""
    mounts = tuple(VolumeMount(name=one, mount_path=f"/{one}") for one in claims)
    wanted = containers or (container(),)
    return StatefulSet(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=StatefulSetSpec(
            selector=LabelSelector(match_labels={"app": name}),
            replicas=replicas,
            template=PodTemplate(
                metadata=PodTemplateMeta(labels={"app": name}),
                spec=PodSpec(containers=tuple(replace(one, volume_mounts=mounts) for one in wanted), **(pod or {})),
            ),
            volume_claim_templates=tuple(
                ClaimTemplate(metadata=ObjectMeta(name=one), spec=claim_spec()) for one in claims
            ),
            **{"update_strategy": rolling(), "service_name": "peers", **spec},
        ),
    )


def daemon(*containers: Container, name: str = "log", pod: dict[str, Any] | None = None, **spec: Any) -> DaemonSet:
    """Declare a DaemonSet; `pod` are more fields of its pods' spec."""
    return DaemonSet(
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=DaemonSetSpec(
            selector=LabelSelector(match_labels={"app": name}),
            template=PodTemplate(
                metadata=PodTemplateMeta(labels={"app": name}),
                spec=PodSpec(containers=containers or (container(),), **(pod or {})),
            ),
            **{"update_strategy": daemon_rolling(), **spec},
        ),
    )


class Slow(World):
    """A world in which a container with a readiness probe is not ready before a test says so."""

    def do(self, name: str, action: Action, steps: int | None = None) -> None:
        before = self.seen(name)
        super().do(name, action, steps)
        after = self.seen(name)
        begun = {
            one.id
            for one in after.containers
            if (one.id in after.health and one.state == "running") and one not in before.containers
        }
        well = {key: replace(one, ready=False) if key in begun else one for key, one in after.health.items()}
        self.observations[name] = replace(after, health=well)


def ready(world: World, *names: str) -> None:
    """Let the readiness probes of pods pass; of all pods without names."""
    _told(world, names, well=True)


def unready(world: World, *names: str) -> None:
    """Let the readiness probes of pods fail."""
    _told(world, names, well=False)


def _told(world: World, names: tuple[str, ...], *, well: bool) -> None:
    for place in [one.metadata.name for one in world.hosts]:
        seen = world.seen(place)
        found = {
            one.id: Health(started=True, ready=well, since=world.now)
            for pod in observed_pods(seen, "prod").values()
            for one in pod.current.values()
            if not names or pod.key.name in names
        }
        world.observations[place] = replace(seen, health={**seen.health, **found})


def observed(world: World, name: str) -> ObservedPod:
    """Return a pod as its host shows it."""
    pods = observed_pods(world.seen(world.host_of(name)), "prod")
    return next(pod for key, pod in pods.items() if key.name == name)


def images(world: World) -> dict[str, str]:
    """Return the image of each pod's container."""
    return {name: observed(world, name).current["app"].config.image for name in world.names()}


def verbs(story: Iterable[Iterable[tuple[str, str, str]]]) -> list[tuple[str, str]]:
    """Return what was done, without the hosts."""
    return [(verb, name) for steps in story for _, verb, name in steps]


def of(world: World, kind: str = "StatefulSet", name: str = "db") -> ObjectStatus:
    return world.status(name, kind)
