from agent.cli.render.describe.lines import NONE, block, moment
from agent.cli.render.describe.parts import because, pods
from agent.cli.render.describe.told import Subject
from agent.cli.render.words import ready_pods
from agent.model.capacity import Allotment, allotment_of, capacity
from agent.model.objects.host import Host
from agent.model.podrequests import CPU
from agent.model.podresources import Amounts


def lines(subject: Subject) -> list[str]:
    """Describe a host: how it is reached, what it has, what runs there."""
    body, state = subject.body, subject.host
    if not isinstance(body, Host):
        return []
    spec = body.spec
    reached = f"{spec.ssh.address}:{spec.ssh.port or 22}" if spec.ssh else "local"
    pairs: list[tuple[str, str | list[str]]] = [
        ("Reached", reached),
        ("Unschedulable", str(spec.unschedulable).lower()),
        *([("Drain", "true")] if spec.drain else []),
        ("Taints", [f"{taint.key}={taint.value}:{taint.effect}" for taint in spec.taints]),
    ]
    if state is not None:
        word = "Ready" if state.seen else "Refused" if state.refused else "Unseen"
        why = state.reason.removeprefix(f"{state.name}: ")
        pairs += [("Status", because(word, "", why)), ("Since", moment(state.since, subject.now) or NONE)]
        ready, pods_there = ready_pods(state.wanted, subject.pods)
        pairs.append(("Pods", f"{ready} ready of {pods_there}"))
    if state is not None and (facts := state.facts) is not None:
        pairs += [
            ("Runtime", f"{facts.name} {facts.version}"),
            ("Addresses", list(facts.addresses)),
            ("Capacity", _amounts(capacity(Allotment(), facts))),
            ("Allocatable", _amounts(capacity(allotment_of(spec), facts))),
            ("Cgroups", f"v{facts.cgroup_version}, {facts.cgroup_driver}"),
            ("Features", list(facts.features)),
        ]
        pairs += [("Says", facts.message)] if facts.message else []
        pairs.append(
            ("Conditions", [because(f"{one.type}: {one.status}", "", one.message) for one in state.conditions])
        )
        pairs += [
            (f"Disk ({name})", f"{disk.used_bytes // 2**20}Mi used of {disk.size_bytes // 2**20}Mi on {disk.path}")
            for name, disk in sorted(state.disks.items())
        ]
    return [*block(pairs), *pods(subject)]


def _amounts(found: Amounts) -> list[str]:
    """Return amounts as `kubectl describe node` writes them; bytes in Ki."""
    return [f"{name}: {_amount(name, amount)}" for name, amount in sorted(found.items())]


def _amount(name: str, amount: int) -> str:
    return f"{amount}m" if name == CPU else str(amount) if name == "pods" else f"{amount // 1024}Ki"
