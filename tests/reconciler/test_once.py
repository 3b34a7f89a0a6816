"""``converge_once``: the same loops until converged, or until there is no point in waiting."""

import threading
from collections.abc import Callable

from msgspec.structs import replace

from agent.reconciler.once import Converged, converge_once
from agent.reconciler.reporting.snapshot import Snapshot
from agent.simulator.machine import Machine
from tests.reconciler.calm import LONG, Calm
from tests.simulator.fleets import BROKEN, TWO, declaration, solo

DECLARED = declaration(1, apps={}, solos={"cache": solo(), "db": solo()})
NOWHERE = replace(DECLARED, solos={"cache": solo(), "db": solo(image="registry.test/app:nowhere")})


def once(
    fleet: Calm,
    *,
    wait: bool = True,
    timeout: float = LONG,
    progress: Callable[[Snapshot], None] = lambda _snapshot: None,
) -> Converged:
    return converge_once(
        fleet.source,
        fleet.make_host,
        clock=fleet.clock,
        journal=fleet.journal,
        settings=fleet.settings,
        wait=wait,
        timeout=timeout,
        progress=progress,
    )


def test_it_converges_and_shows_how() -> None:
    fleet, shown = Calm("h1"), list[Snapshot]()
    fleet.push(DECLARED)
    result = once(fleet, progress=shown.append)
    assert (result.converged, result.reasons) == (True, ())
    assert fleet.running("h1") == ["cache", "db"]
    assert shown[-1].converged


def test_a_second_time_does_nothing() -> None:
    fleet = Calm("h1")
    fleet.push(DECLARED)
    once(fleet)
    again = once(fleet)
    assert again.converged
    assert again.snapshot.metrics.actions == {}


def test_without_waiting_it_does_what_can_be_done_now_and_says_what_is_left() -> None:
    fleet = Calm("h1")
    fleet.push(NOWHERE)
    result = once(fleet, wait=False)
    assert not result.converged
    assert fleet.running("h1") == ["cache"]
    (why,) = [one for one in result.reasons if "nowhere" in one.message]
    assert (why.pod and why.pod.name, why.host) == ("db", "h1")
    assert why.message.startswith("ImagePullBackOff: ")
    assert "not found" in why.message


def test_out_of_time_it_says_why() -> None:
    fleet = Calm("h1")
    fleet.push(NOWHERE)
    result = once(fleet, timeout=0.5)
    assert not result.converged
    assert any(one.pod is not None and one.pod.name == "db" for one in result.reasons)


def test_of_an_unseen_host_it_tells_once_and_of_each_of_its_pods() -> None:
    fleet = Calm("h1")
    fleet.push(DECLARED)
    once(fleet)
    fleet.machines["h1"].up = False
    result = once(fleet, wait=False)
    assert sorted(one.pod.name for one in result.reasons if one.pod) == ["cache", "db"]
    (host,) = [one for one in result.reasons if not one.pod and not one.object]
    assert host.host == "h1"
    assert not host.message.startswith("h1: ")
    assert not any(one.object and one.object.kind == "Host" for one in result.reasons)


def test_a_revision_with_problems_ends_it_at_once() -> None:
    fleet = Calm("h1")
    fleet.push(replace(DECLARED, broken=BROKEN))
    result = once(fleet)
    assert any("apps/broken.yaml:" in one.message for one in result.reasons)
    assert fleet.running("h1") == []


def test_a_held_revision_ends_it_at_once() -> None:
    fleet = Calm("h1")
    fleet.push(DECLARED)
    once(fleet)
    fleet.push(replace(DECLARED, solos={}))
    result = once(fleet)
    assert any("is held" in one.message for one in result.reasons)
    assert fleet.running("h1") == ["cache", "db"]


def after_reading(fleet: Calm, *, wait: bool = True) -> Converged:
    """Converge, where hosts are looked at only once it was shown what is known before."""
    read = threading.Event()

    def look(_machine: Machine) -> None:
        read.wait(LONG)

    def show(now: Snapshot) -> None:
        if now.source.head and now.fleet.current:
            read.set()

    fleet.on_look = look
    return once(fleet, wait=wait, progress=show)


def test_a_held_revision_that_was_approved_is_taken() -> None:
    fleet = Calm("h1")
    fleet.push(DECLARED)
    once(fleet)
    held = fleet.push(replace(DECLARED, solos={}))
    once(fleet)
    fleet.journal.state = replace(fleet.journal.state, approved=(held,))
    assert after_reading(fleet).reasons == ()
    assert fleet.running("h1") == []


def test_without_waiting_it_looks_all_the_same() -> None:
    fleet = Calm("h1")
    fleet.push(DECLARED)
    once(fleet)
    assert after_reading(fleet, wait=False).reasons == ()


def test_a_revision_that_an_older_trimtab_refused_is_taken() -> None:
    fleet = Calm("h1")
    newest = fleet.push(DECLARED)
    fleet.journal.state = replace(fleet.journal.state, refused=newest, refused_why=("it did not know the field",))
    assert after_reading(fleet).reasons == ()


def test_a_source_that_cannot_be_read_ends_it_at_once() -> None:
    fleet = Calm("h1")
    fleet.push(DECLARED)
    fleet.source.reachable = False
    result = once(fleet)
    assert [one.message for one in result.reasons if one.message.startswith("source: ")] != []


def test_another_revision_than_the_newest_can_be_asked_for() -> None:
    fleet = Calm("h1")
    older = fleet.push(DECLARED)
    fleet.push(replace(DECLARED, solos={"cache": solo(image=TWO), "db": solo(image=TWO)}))
    fleet.settings = replace(fleet.settings, ref=older)
    result = once(fleet)
    assert result.converged
    assert fleet.journal.state.in_force == older
