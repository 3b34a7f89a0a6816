"""What commits, good and bad, do to a fleet, and what a source that fails does not do."""

from msgspec.structs import replace

from agent.simulator.machine import Machine
from tests.simulator.fleets import (
    BROKEN,
    ONE,
    THREE,
    TWO,
    actions,
    app,
    declaration,
    first_pod,
    fleet,
    images,
    pods,
    reasons_of_events,
    solo,
)


def test_a_commit_converges_and_then_nothing_more_is_done() -> None:
    world = fleet(declaration())
    assert images(world) == [ONE] * 3
    world.pass_time(1000)
    assert actions(world) == []


def test_a_bad_commit_changes_nothing_and_says_why_with_its_place() -> None:
    world = fleet(declaration())
    before = pods(world)
    bad = world.push(declaration(apps={}, broken=BROKEN))
    world.settle()
    assert pods(world) == before
    assert world.journal.state.refused == bad
    assert world.journal.state.refused_why[0].startswith("apps/broken.yaml:")
    assert reasons_of_events(world).count("RevisionRefused") == 1


def test_the_last_good_revision_stays_in_force_across_restarts_and_is_healed_to() -> None:
    world = fleet(declaration())
    before = pods(world)
    world.push(declaration(apps={}, broken=BROKEN))
    world.settle()
    machine, _, container = first_pod(world)
    world.crash(machine, container)
    world.boot()
    world.settle()
    assert pods(world) == before
    assert reasons_of_events(world).count("RevisionRefused") == 1, "a restart is no news"


def test_a_good_commit_after_a_bad_one_is_taken() -> None:
    world = fleet(declaration())
    world.push(declaration(apps={}, broken=BROKEN))
    world.settle()
    world.push(declaration(apps={"web": app(image=TWO)}))
    world.settle()
    assert images(world) == [TWO] * 3
    assert (world.journal.state.refused, world.journal.state.refused_why) == ("", ())


def test_hosts_stay_as_they_are_when_the_revision_in_force_is_gone_from_git() -> None:
    world = fleet(declaration())
    in_force = world.journal.state.in_force
    before = pods(world)
    world.push(declaration(apps={}, broken=BROKEN), collect=True)
    world.settle()
    world.source.forget(in_force)
    world.trace.clear()
    world.boot()
    world.pass_time(1000)
    assert pods(world) == before
    assert actions(world) == []
    assert "RevisionLost" in reasons_of_events(world)
    assert "no good revision" in world.snapshot().fleet.message


def test_a_source_that_fails_stops_neither_healing_nor_is_it_silent() -> None:
    world = fleet(declaration())
    before = pods(world)
    world.source.reachable = False
    world.pass_time(200)
    machine, _, container = first_pod(world)
    world.crash(machine, container)
    world.pass_time(20)
    assert pods(world) == before
    assert "does not answer" in world.snapshot().source.error
    assert reasons_of_events(world).count("SourceFailed") == 1
    world.source.reachable = True
    world.pass_time(400)
    assert world.snapshot().source.error == ""


def test_a_revision_that_would_remove_much_is_held_until_approved() -> None:
    world = fleet(declaration(apps={"web": app(), "api": app(1)}))
    before = pods(world)
    held = world.push(declaration(apps={"api": app(1)}))
    world.pass_time(100)
    assert pods(world) == before
    assert world.journal.state.held == held
    assert "would remove 3 of 4 pods" in world.snapshot().fleet.held_why
    world.boot()
    world.pass_time(100)
    assert pods(world) == before, "a restart does not let it through"
    assert reasons_of_events(world).count("RevisionHeld") == 1
    world.loops.shared.inbox.approve(held)
    world.settle()
    assert len(pods(world)) == 1
    assert (world.journal.state.held, world.journal.state.approved) == ("", ())


def test_a_newer_revision_replaces_a_held_one() -> None:
    world = fleet(declaration())
    world.push(declaration(apps={}))
    world.pass_time(100)
    world.push(declaration(apps={"web": app(image=TWO)}))
    world.settle()
    assert images(world) == [TWO] * 3
    assert world.journal.state.held == ""


def test_the_newest_commit_preempts_one_that_is_being_applied() -> None:
    world = fleet(declaration(1, apps={}, solos={"db": solo()}))
    world.push(declaration(1, apps={}, solos={"db": solo(image="registry.test/app:nowhere")}))
    world.pass_time(30)
    world.push(declaration(1, apps={}, solos={"db": solo(image=TWO)}))
    world.pass_time(1)
    assert images(world) == [TWO], "the back-off of the old image does not hold up the new one"


def test_a_newer_commit_stops_what_an_older_one_started() -> None:
    world = fleet(declaration(1, apps={}, solos={"db": solo()}))
    world.push(declaration(1, apps={}, solos={"db": solo(image=TWO)}))
    newest: list[str] = []

    def meanwhile(machine: Machine) -> None:
        machine.clock.advance(0.1)
        if not newest and any("db PullImage" in line for line in world.trace):
            newest.append(world.push(declaration(1, apps={}, solos={"db": solo(image=THREE)})))
            while world.journal.state.in_force != newest[0]:
                world.turn()

    world.pause = meanwhile  # type: ignore[method-assign]  # where others have turns while an action is under way
    world.settle()
    assert images(world) == [THREE]
    assert sum("db StartContainer" in line for line in world.trace) == 1, "the older image was never started"
    assert sum(n for (_, result), n in world.snapshot().metrics.actions.items() if result == "superseded") == 1


def test_a_change_of_nothing_but_where_things_are_written_does_nothing() -> None:
    world = fleet(declaration())
    before = pods(world)
    files = {f"moved/{path}": text for path, text in declaration().files().items()}
    revision = world.source.push(files, "moved")
    world.judge.commits[revision.id] = declaration()
    world.turns.wake("source")
    world.settle()
    assert pods(world) == before
    assert actions(world) == []


def test_a_host_that_leaves_git_is_let_go_of_with_its_pods() -> None:
    declared = declaration(2, apps={}, solos={"db": solo("h1"), "cache": solo("h2")})
    world = fleet(declared)
    world.push(replace(declared, hosts=("h1",), solos={"db": solo("h1")}))
    world.settle(approve=True)
    assert [pod.split()[0] for pod in pods(world)] == ["h1/db", "h2/cache"]
    assert [host.name for host in world.snapshot().hosts] == ["h1"]
    world.pass_time(1000)
    assert actions(world) == []
