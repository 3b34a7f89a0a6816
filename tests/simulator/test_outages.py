"""Which machines the judge takes for given up."""

from agent.simulator.outages import BORNE, Outages


def test_a_machine_is_given_up_after_a_while_or_when_a_person_says_that_it_is_off() -> None:
    outages = Outages()
    outages.begins("h1", 100.0)
    outages.planned(["h1"], (), 100.0 + BORNE - 1)
    assert outages.given_up == frozenset()
    outages.planned(["h1"], ("h1",), 100.0 + BORNE - 1)
    assert outages.given_up == {"h1"}
    outages.planned(["h1"], (), 100.0 + BORNE)
    assert outages.given_up == {"h1"}


def test_a_machine_that_is_seen_is_not_given_up_whatever_a_person_says() -> None:
    outages = Outages()
    outages.planned([], ("h1",), 1000.0)
    assert outages.given_up == frozenset()


def test_what_was_given_up_stays_so_until_it_is_seen_also_when_the_clock_is_set_back() -> None:
    outages = Outages()
    outages.begins("h1", 100.0)
    outages.planned(["h1"], (), 100.0 + BORNE)
    outages.clock_set(150.0)
    outages.planned(["h1"], (), 150.0)
    assert outages.given_up == {"h1"}
    outages.planned([], (), 160.0)
    assert outages.given_up == frozenset()
