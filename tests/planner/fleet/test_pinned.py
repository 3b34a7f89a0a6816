"""Slots that are for one host each, and slots of an older template."""

from msgspec.structs import replace

from agent.model.memory import Memory
from agent.model.objects.host import Host, Taint
from agent.model.objects.meta import PodKey
from agent.model.objects.pod import Toleration
from agent.model.observation import Seen
from agent.model.plan import FleetInput
from agent.planner.fleet.assemble import assemble
from agent.planner.fleet.ground import Ground
from agent.planner.fleet.placement import Placed, place
from agent.planner.fleet.sight import look
from agent.planner.storage import Ledger, outcome, take_stock
from agent.planner.template import Template, resolve_template
from agent.planner.workload import Claim
from tests.planner.fleet.build import FACTS, KEY, container, declared, deployment, fleet, host

TAINTED = (Taint(key="disk", effect="NoSchedule"),)
TOLERATES = Toleration(key="disk", operator="Exists")


def template(image: str = "app:1", cpu: str = "", **spec: object) -> Template:
    body = declared(deployment(3, container(image, cpu=cpu), pod=spec))
    return resolve_template(body, (), KEY)  # type: ignore[arg-type]  # a Declared[Deployment] it is


def on_hosts(one: Template, *names: str) -> Claim:
    slots = tuple(one.named_slot(f"{one.set}-{name}", 0, host=name) for name in names)
    return Claim(template=one, final=slots, now=slots)


def ground_of(*hosts: Host, placements: dict[str, str] | None = None) -> Ground:
    objects = fleet(*hosts)
    given = FleetInput(
        agent="prod",
        fleet=objects,
        observations={one.metadata.name: Seen(at=0.0, facts=FACTS) for one in hosts},
        memory=Memory(placements=placements or {}),
        key=KEY,
        now=0.0,
    )
    machines = {key.name: one for key, one in objects.objects.items()}
    ledger = Ledger(take_stock(given, machines, ()), given.memory)  # type: ignore[arg-type]  # hosts they are
    return Ground(given, machines, look(given, machines), ledger, {})  # type: ignore[arg-type]  # likewise


def places(placed: Placed) -> dict[str, str]:
    return {key.name.rpartition("-")[2]: found for key, found in placed.hosts.items()}


def test_a_pinned_slot_goes_to_its_host_and_to_no_other() -> None:
    placed = place([on_hosts(template(), "a", "b")], ground_of(host("a"), host("b"), host("c")), ())
    assert places(placed) == {"a": "a", "b": "b"}


def test_what_speaks_against_the_host_of_a_pinned_slot_counts() -> None:
    hosts = host("a", taints=TAINTED), host("b", unschedulable=True), host("c", allocatable={"cpu": "1"})
    placed = place([on_hosts(template(cpu="2"), "a", "b", "c", "gone")], ground_of(*hosts), ())
    assert sorted(placed.refused.values()) == [
        "cpu short by 1000m on c",
        "taint disk:NoSchedule on a",
        "there is no host gone",
        "unschedulable on b",
    ]
    assert places(place([on_hosts(template(tolerations=(TOLERATES,)), "a")], ground_of(*hosts), ())) == {"a": "a"}


def test_a_pinned_slot_does_not_stay_where_memory_says_when_that_is_another_host() -> None:
    claim = on_hosts(template(), "a")
    placed = place([claim], ground_of(host("a"), host("b"), placements={claim.final[0].name: "b"}), ())
    assert places(placed) == {"a": "a"}


def test_a_slot_of_an_older_template_is_placed_by_what_that_asks_for_and_made_from_it() -> None:
    newest, older = template("app:2", cpu="1"), template("app:1", cpu="3")
    slots = tuple(
        replace(newest.named_slot(f"db-{number}", number), template=older if number == 0 else None)
        for number in range(3)
    )
    claim = Claim(template=newest, final=slots, now=slots)
    ground = ground_of(host("a"), host("b", allocatable={"cpu": "2"}))
    placed = place([claim], ground, ())
    assert (places(placed)["0"], sorted(places(placed).values())) == ("a", ["a", "a", "b"])
    found = assemble(ground, [claim], placed, outcome(ground.given, ground.ledger), stray=())
    images = {one.key: one.spec.containers[0].image for desired in found.desired.values() for one in desired.pods}
    assert images == {
        PodKey(namespace="default", name=f"db-{number}"): "app:1" if number == 0 else "app:2" for number in range(3)
    }
