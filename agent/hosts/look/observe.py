"""One full look at a host: everything is asked at once, and what cannot have changed is not asked again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import grpc
from msgspec.structs import replace

from agent.hosts.cri.client import Answer, Pending, Runtime
from agent.hosts.cri.decode import decode_container, decode_sandbox
from agent.hosts.cri.errors import is_missing
from agent.hosts.events import Exit, Exits
from agent.hosts.link import Finished, Link
from agent.hosts.look import facts as host_facts
from agent.hosts.look.abilities import RuntimeConfig, features, lacking, runtime_config
from agent.hosts.look.facts import HostFacts
from agent.hosts.look.lastwords import LastWords, last_words
from agent.hosts.look.listed import NANO, STATES, bounded, foreign_container, foreign_sandbox
from agent.hosts.look.machine import Machine
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model import labels
from agent.model.observation import ContainerSeen, ImageSeen, RuntimeFacts, SandboxSeen
from agent.ports import Temporary, Unreachable

# Addresses, kernel features, whether there is a kubelet: telling them costs as much as all the rest, and looks come in
# quick succession while there is much to do.
_MACHINE_SECONDS: Final = 120.0
_COMMAND_SECONDS: Final = 60.0
_NEEDED: Final = ("RuntimeReady", "NetworkReady")


class Memo:
    """What one connection's looks have seen: an ended state never changes for an id, nor does a configuration.

    But for limits that we change in place: ``resized`` are the containers to be asked again for theirs.
    """

    def __init__(self, exits: Exits) -> None:
        self.exits = exits
        self.sandboxes: Mapping[str, SandboxSeen] = {}
        self.containers: Mapping[str, ContainerSeen] = {}
        self.config: RuntimeConfig | None = None
        self.last_words: Mapping[str, LastWords] = {}
        self.resized: set[str] = set()
        self._machine: Machine | None = None
        self._machine_at = 0.0

    def machine(self) -> Machine | None:
        """Return what the machine told, unless it is to be asked again."""
        return self._machine if time.monotonic() - self._machine_at < _MACHINE_SECONDS else None

    def keep_machine(self, machine: Machine) -> None:
        """Remember what the machine told."""
        self._machine, self._machine_at = machine, time.monotonic()


class Look:
    """A look that is under way: it asks for everything when it is made; each method waits for its part."""

    def __init__(self, link: Link, runtime: Runtime, memo: Memo, *, host: str, socket_path: str) -> None:
        self._link, self._runtime, self._memo, self._host, self._socket_path = link, runtime, memo, host, socket_path
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="trimtab-facts")
        self._machine = memo.machine()
        self._command: Future[Finished] = self._worker.submit(
            link.quick,
            host_facts.SCRIPT,
            *host_facts.arguments(socket_path, machine=self._machine is None),
            timeout=_COMMAND_SECONDS,
        )
        self._worker.shutdown(wait=False)
        self._version = runtime.look_version()
        self._status = runtime.look_status(verbose=memo.config is None)
        self._sandboxes = runtime.look_sandboxes()
        self._containers = runtime.look_containers()
        self._images = runtime.look_images()

    def host_facts(self) -> HostFacts:
        """Return what the shell command told."""
        done = self._command.result()
        facts = host_facts.parse(done.output, host=self._host, socket_path=self._socket_path)
        if self._machine is not None:
            return replace(facts, machine=self._machine)
        if not facts.machine.kubelet:  # else the host is refused, and to be asked again at once
            self._memo.keep_machine(facts.machine)
        return facts

    def runtime_facts(self, host: HostFacts, *, now: float) -> RuntimeFacts:
        """Return versions, conditions and sizes."""
        version, status = self._version.result(), self._status.result()
        # containerd has one more condition, for what is deprecated: the doctor tells of it, and nothing waits for it.
        conditions = {each.type: each for each in status.status.conditions if each.type in _NEEDED}
        wrong = [f"{each.reason}: {each.message}" for each in conditions.values() if not each.status]
        config = self._memo.config = self._memo.config or runtime_config(status.info)
        skew, machine = host.date - now, host.machine
        return RuntimeFacts(
            name=version.runtime_name,
            version=version.runtime_version,
            runtime_ready=_holds(conditions, "RuntimeReady"),
            network_ready=_holds(conditions, "NetworkReady"),
            message="; ".join(wrong),
            cgroup_driver=config.cgroup_driver,
            cpu_millis=machine.cpus * 1000,
            memory_bytes=machine.memory_bytes,
            # The way there and back takes time, too; and equal states shall compare equal.
            clock_skew=float(round(skew)) if abs(skew) >= 1 else 0.0,
            boot_id=host.boot_id,
            addresses=machine.addresses,
            cgroup_version=machine.cgroup_version,
            features=features(version.runtime_version, status, config, machine),
            handlers=config.handlers,
            lacking=lacking(status),
            resolv_conf=machine.resolv_conf,
            etc_hosts=machine.etc_hosts,
            hugepages=machine.hugepages,
            storage_bytes=machine.storage_bytes,
        )

    def pods(self) -> tuple[tuple[SandboxSeen, ...], tuple[ContainerSeen, ...]]:
        """Return every sandbox and container, sorted by id. One that vanishes meanwhile is left out."""
        listed = bounded(self._sandboxes.result().items, host=self._host)
        sandboxes = [(item, self._ask_sandbox(item)) for item in listed]
        among = bounded(self._containers.result().containers, host=self._host)
        containers = [(item, self._ask_container(item)) for item in among]
        seen_sandboxes = [seen for item, asked in sandboxes if (seen := self._sandbox(item, asked))]
        seen_containers = [each for item, asked in containers if (each := self._container(item, asked))]
        self._memo.sandboxes = {seen.id: seen for seen in seen_sandboxes}
        self._memo.containers = {seen.id: seen for seen in seen_containers}
        exits = self._memo.exits.known()
        ended = [self._ended_container(seen, exits) for seen in seen_containers]
        return (
            tuple(sorted((self._ended_sandbox(seen, exits) for seen in seen_sandboxes), key=lambda seen: seen.id)),
            tuple(sorted(self._with_last_words(ended), key=lambda seen: seen.id)),
        )

    def _ended_sandbox(self, seen: SandboxSeen, exits: Mapping[str, Exit]) -> SandboxSeen:
        """Apply what the event stream knows already."""
        if seen.id not in exits:
            return seen
        if not seen.ready:
            self._memo.exits.forget(seen.id)
        return replace(seen, ready=False)

    def _ended_container(self, seen: ContainerSeen, exits: Mapping[str, Exit]) -> ContainerSeen:
        """Apply what the event stream knows already, in CRI's words."""
        ended = exits.get(seen.id)
        if ended is not None and seen.state == "running":
            reason = "Error" if ended.code else "Completed"
            seen = replace(seen, state="exited", exit_code=ended.code, finished_at=ended.at, reason=reason)
        elif ended is not None and seen.state != "created":
            self._memo.exits.forget(seen.id)
        # The kernel may tell of it after the end, and CRI was asked already.
        if seen.state == "exited" and seen.exit_code and seen.id in self._memo.exits.out_of_memory():
            return replace(seen, reason="OOMKilled")
        return seen

    def _with_last_words(self, containers: Sequence[ContainerSeen]) -> Iterator[ContainerSeen]:
        """Add what containers of ours that ended said: read once, when CRI too says that they ended."""
        known = self._memo.last_words
        ended = [one for one in containers if one.state == "exited" and labels.AGENT in one.config.labels]
        fresh = [one for one in ended if one.id not in known]
        words: dict[str, LastWords] = {one.id: known[one.id] for one in ended if one.id in known}
        if fresh:
            try:
                words |= last_words(self._link, [(one, self._memo.sandboxes.get(one.sandbox_id)) for one in fresh])
            except Unreachable:
                raise
            except Temporary:
                pass  # the next look asks again
        settled = {each.id for each in self._memo.containers.values() if each.state == "exited"}
        self._memo.last_words = {name: said for name, said in words.items() if name in settled}
        for one in containers:
            said = words.get(one.id, LastWords())
            message = ": ".join(part for part in (one.message, said.message) if part)
            yield replace(one, message=message, last_lines=said.lines) if message or said.lines else one

    def images(self) -> tuple[ImageSeen, ...]:
        """Return every image, sorted by id."""
        images = (
            ImageSeen(
                id=image.id,
                tags=tuple(sorted(image.repo_tags)),
                digests=tuple(sorted(image.repo_digests)),
                size=image.size,
                user=str(image.uid.value) if image.HasField("uid") else image.username,
                pinned=image.pinned,
            )
            for image in bounded(self._images.result().images, host=self._host)
        )
        return tuple(sorted(images, key=lambda image: image.id))

    def _ask_sandbox(self, item: pb.PodSandbox) -> "Pending[pb.PodSandboxStatusResponse] | None":
        known = self._memo.sandboxes.get(item.id)
        if labels.AGENT not in item.labels or (known and known.ready == (item.state == pb.SANDBOX_READY)):
            return None
        return self._runtime.look_sandbox(item.id)

    def _sandbox(self, item: pb.PodSandbox, asked: "Pending[pb.PodSandboxStatusResponse] | None") -> SandboxSeen | None:
        if asked is None:
            return self._memo.sandboxes.get(item.id) or foreign_sandbox(item)
        answer = _unless_missing(asked)
        if answer is None:
            return None
        network = answer.status.network
        return SandboxSeen(
            id=item.id,
            config=decode_sandbox(answer.info) or foreign_sandbox(item).config,
            ready=answer.status.state == pb.SANDBOX_READY,
            created_at=item.created_at * NANO,
            ips=tuple(ip for ip in (network.ip, *(more.ip for more in network.additional_ips)) if ip),
        )

    def _ask_container(self, item: pb.Container) -> "Pending[pb.ContainerStatusResponse] | None":
        known = self._memo.containers.get(item.id)
        if labels.AGENT not in item.labels:
            return None
        if item.id in self._memo.resized:
            # Before it is asked: limits that change meanwhile are asked for again by the next look.
            self._memo.resized.discard(item.id)
            return self._runtime.look_container(item.id, verbose=True)
        if known and known.state == STATES[item.state] != "unknown":
            return None
        return self._runtime.look_container(item.id, verbose=known is None)

    def _container(
        self, item: pb.Container, asked: "Pending[pb.ContainerStatusResponse] | None"
    ) -> ContainerSeen | None:
        known = self._memo.containers.get(item.id)
        if asked is None:
            ours = known if labels.AGENT in item.labels else None
            return ours or foreign_container(item)
        answer = _unless_missing(asked)
        if answer is None:
            return None
        status = answer.status
        config = decode_container(answer.info) if answer.info or known is None else known.config
        return ContainerSeen(
            id=item.id,
            sandbox_id=item.pod_sandbox_id,
            config=config or foreign_container(item).config,
            state=STATES[status.state],
            created_at=status.created_at * NANO,
            started_at=status.started_at * NANO,
            finished_at=status.finished_at * NANO,
            exit_code=status.exit_code,
            reason=status.reason,
            message=status.message,
            image_ref=item.image_ref,
        )


def _holds(conditions: Mapping[str, pb.RuntimeCondition], kind: str) -> bool:
    return kind in conditions and conditions[kind].status


def _unless_missing(asked: "Pending[Answer]") -> Answer | None:
    try:
        return asked.result()
    except grpc.RpcError as error:
        if is_missing(error):
            return None
        raise
