"""From what a user writes to a pod on its host and one of its containers, for the verbs that reach into pods."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import typer

from agent.cli.kinds import kind_named
from agent.cli.look.everything import chosen, hosts_of
from agent.cli.look.standing import fleet_in_force, standing
from agent.cli.render.escape import printable
from agent.cli.wiring import open_host, open_source
from agent.model import labels
from agent.model.objects.agent import AgentConfig
from agent.model.observation import ContainerSeen, SandboxSeen, Seen
from agent.model.status import ContainerStatus, ObjectStatus, PodStatus
from agent.ports import Permanent

if TYPE_CHECKING:
    from agent.hosts.host import ContainerdHost

DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"


class Reached:
    """A pod on its host, as it is now."""

    def __init__(self, host: "ContainerdHost", pod: PodStatus, agent: str, seen: Seen) -> None:
        self.host, self.pod = host, pod
        ours = pods_sandboxes(seen, pod, agent)
        if not ours:
            why = f": {pod.reason or pod.phase} {pod.message}".rstrip()
            raise Permanent(f"pod {pod.key} is not on {pod.host} yet{why}", hint="`trimtab status` says why")
        self.sandbox: SandboxSeen = max(ours, key=lambda sandbox: (sandbox.ready, sandbox.created_at))
        self.containers: Sequence[ContainerSeen] = containers_of(seen, ours)

    def container(self, name: str | None) -> ContainerSeen:
        """Return the newest attempt of a container: the one that is meant without a name. Raises Permanent."""
        wanted = name or default_container(self.pod, self.sandbox)
        attempts = [container for container in self.containers if container.config.name == wanted]
        if not attempts:
            check_name(self.pod, wanted)
            raise Permanent(f"container {wanted!r} of pod {self.pod.key} was not started yet: {why_not(self.pod)}")
        return attempts[-1]

    def running(self, name: str | None) -> ContainerSeen:
        """Return a container that runs. Raises Permanent, saying why it does not."""
        found = self.container(name)
        if found.state != "running":
            raise Permanent(
                f"container {found.config.name!r} of pod {self.pod.key} does not run: {why_not(self.pod)}",
                hint=f"`trimtab logs {self.pod.key.name} -c {found.config.name}` may tell why",
            )
        return found


@contextmanager
def reach(settings: AgentConfig, written: str, namespace: str) -> Iterator[Reached]:
    """Connect to the host of a pod, with a connection of our own, and look. Raises PortError."""
    pod = find_pod(standing(settings).snapshot.fleet.statuses, written, namespace)
    with connected(settings, pod.host) as host:
        yield Reached(host, pod, settings.metadata.name, host.observe())


@contextmanager
def connected(settings: AgentConfig, name: str) -> "Iterator[ContainerdHost]":
    """Connect to a host by its name. Raises PortError."""
    declared = chosen(hosts_of(fleet_in_force(settings, open_source(settings))), [name])[0]
    host = open_host(declared, settings)
    try:
        yield host
    finally:
        host.close()


def find_pod(statuses: Sequence[ObjectStatus], written: str, namespace: str, *, placed: bool = True) -> PodStatus:
    """Return the pod that is meant: by its name, or the first running one of ``KIND/NAME``. Raises Permanent.

    With ``placed`` one that is on no host is refused, with the reason.
    """
    kind, slash, name = written.rpartition("/")
    owner = kind_named(kind) if slash else "Pod"
    pods = [
        pod
        for status in statuses
        if status.key.namespace == namespace
        for pod in status.pods
        if (pod.key.name == name if owner == "Pod" else (status.key.kind, status.key.name) == (owner, name))
    ]
    if not pods:
        known = sorted({pod.key.name for status in statuses for pod in status.pods if pod.key.namespace == namespace})
        near = get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else "`trimtab get pods -A` lists all"
        raise Permanent(f"there is no pod {written!r} in namespace {namespace}", hint=hint)
    found = min(pods, key=lambda pod: (pod.phase != "Running", pod.key))
    if placed and not found.host:
        raise Permanent(f"pod {found.key} is on no host: {why_not(found)}", hint="`trimtab status` says why")
    return found


def pods_sandboxes(seen: Seen, pod: PodStatus, agent: str) -> Sequence[SandboxSeen]:
    """Return all sandboxes that a pod of ours has or had on its host."""
    return [
        sandbox
        for sandbox in seen.sandboxes
        if (sandbox.config.namespace, sandbox.config.name) == (pod.key.namespace, pod.key.name)
        and sandbox.config.labels.get(labels.AGENT) == agent
    ]


def containers_of(seen: Seen, sandboxes: Sequence[SandboxSeen]) -> Sequence[ContainerSeen]:
    """Return all attempts of all containers in sandboxes, oldest first."""
    ids = {sandbox.id for sandbox in sandboxes}
    found = [container for container in seen.containers if container.sandbox_id in ids]
    return sorted(found, key=lambda container: (container.created_at, container.config.attempt))


def every_container(pod: PodStatus) -> Sequence[ContainerStatus]:
    """Return the containers of a pod as kubectl lists them: main ones, then init containers."""
    return (*pod.containers, *pod.init_containers)


def default_container(pod: PodStatus, sandbox: SandboxSeen) -> str:
    """Return the container that is meant when none is named, and say so where there are several."""
    names = [container.name for container in every_container(pod)]
    if not names:
        raise Permanent(f"pod {pod.key} has no container on {pod.host} yet: {why_not(pod)}")
    annotated = sandbox.config.annotations.get(DEFAULT_CONTAINER, "")
    if annotated in names:
        return annotated
    if len(names) > 1:
        typer.echo(f'Defaulted container "{names[0]}" out of: {_listed(pod)}', err=True)
    return names[0]


def check_name(pod: PodStatus, name: str) -> None:
    """Refuse a name that no container of a pod has. Raises Permanent."""
    if name not in {container.name for container in every_container(pod)}:
        raise Permanent(f"container {name!r} is not valid for pod {pod.key}", hint=f"its containers: {_listed(pod)}")


def why_not(pod: PodStatus) -> str:
    """Return in a few words why something of a pod does not run."""
    return printable(": ".join(part for part in (pod.reason or pod.phase, pod.message) if part))


def _listed(pod: PodStatus) -> str:
    mains = [container.name for container in pod.containers]
    return ", ".join([*mains, *(f"{container.name} (init)" for container in pod.init_containers)])
